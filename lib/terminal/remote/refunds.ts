import { PayTransportError } from '../../pay/errors.js';
import { failureCode } from '../../payment/decision/answers.js';
import type { RefundOutcome } from '../../payment/decision/refund/outcomes.js';
import { OrderUnknownError } from '../../payment/errors.js';
import { checkRefund, type RefundRequest } from '../../payment/refund/parameters.js';
import type { Question, Said } from './line.js';
import { isRefundOutcome, refundOf } from './outcomes.js';
import { paymentPath } from './payments.js';
import { type Questions, usualWait } from './questions.js';

export const refundPath = (out_refund_no: string, more = ''): string =>
  `/v1/refunds/${encodeURIComponent(out_refund_no)}${more}`;

/** The refunds of one till on a merchant server. The same number again is the same refund: it's sent until it has arrived. */
export class RemoteRefunds {
  readonly #questions: Questions;

  constructor(questions: Questions) {
    this.#questions = questions;
  }

  async refund(out_trade_no: string, given: RefundRequest, signal: AbortSignal | undefined): Promise<RefundOutcome> {
    checkRefund(out_trade_no, given);
    this.#questions.line.ensureOpen();
    const { out_refund_no, ...fields } = given;
    const { refund_fee } = fields;
    const known = { kind: 'refund', out_trade_no, out_refund_no, refund_fee } as const;
    const standing = (said: Said<RefundOutcome>): RefundOutcome =>
      'value' in said ? said.value : { ...known, status: 'processing', accepted: false };
    const question: Question<RefundOutcome> = {
      request: { method: 'PUT', path: refundPath(out_refund_no), body: { out_trade_no, ...fields }, isFresh: true },
      patience: this.#questions.patience,
      wait: usualWait,
      signal,
      read: refundOf(out_refund_no, { out_trade_no, refund_fee }),
    };
    try {
      return standing(await this.#questions.mapping(this.#questions.line.ask(question), known));
    } catch (error) {
      if (!(error instanceof PayTransportError)) throw error;
      // An abort ends the waiting, not the refund: it's seen to that it has arrived.
      if (error.why === 'aborted') {
        const again = { ...question, patience: this.#questions.look, wait: 0, signal: undefined };
        return standing(await this.#questions.mapping(this.#questions.line.ask(again), known));
      }
      if (error.sent) throw error;
      return { ...known, status: 'failed', code: failureCode(error), reason: error.message };
    }
  }

  async refunds(out_trade_no: string): Promise<RefundOutcome[]> {
    const request = { method: 'GET', path: paymentPath(out_trade_no, '/refunds') } as const;
    const isOwn = (each: unknown): each is RefundOutcome => isRefundOutcome(each) && each.out_trade_no === out_trade_no;
    const read = (body: unknown) => (Array.isArray(body) && body.every(isOwn) ? body : undefined);
    try {
      return await this.#questions.ask({ request, patience: this.#questions.look, read }, { out_trade_no });
    } catch (error) {
      if (error instanceof OrderUnknownError) return [];
      throw error;
    }
  }

  async settled(out_refund_no: string): Promise<RefundOutcome> {
    const request = { method: 'GET', path: refundPath(out_refund_no, '?until=final') } as const;
    const read = (body: unknown) => {
      const outcome = refundOf(out_refund_no)(body);
      return outcome?.status === 'processing' ? undefined : outcome;
    };
    return this.#questions.decided({ request, read }, { out_refund_no });
  }
}
