import { InvalidParameterError, type RefundOutcome, type RefundRequest } from 'wxpay-face';
import { type Caller, demand, lineOf, paymentOfStore } from './caller.js';
import type { Until } from './payments.js';
import { unknownNumber } from './refusals.js';
import { before, type Deadline, lookUntil } from './waiting.js';

/* What a terminal does with the refunds of its store's sales. */

type Answer = RefundOutcome | undefined;

/** The sale of a refund of this terminal's store. @throws RefusedError for any other. */
async function saleOf(caller: Caller, out_refund_no: string): Promise<string> {
  const record = await caller.merchant.journal.get('refund', out_refund_no);
  const { out_trade_no } = record?.data ?? {};
  if (typeof out_trade_no !== 'string') throw unknownNumber();
  await paymentOfStore(caller, out_trade_no);
  return out_trade_no;
}

async function outcomeOf({ merchant }: Caller, out_trade_no: string, out_refund_no: string): Promise<Answer> {
  const refunds = await merchant.processor.refunds(out_trade_no);
  return refunds.find((refund) => refund.out_refund_no === out_refund_no);
}

const isUndecided = (outcome: Answer): boolean =>
  outcome === undefined || (outcome.status === 'processing' && !outcome.accepted);

export async function refund(
  caller: Caller,
  out_refund_no: string,
  { out_trade_no, ...request }: Omit<RefundRequest, 'out_refund_no'> & { out_trade_no: string },
  deadline: Deadline,
): Promise<Answer> {
  demand(caller, 'refund');
  await paymentOfStore(caller, out_trade_no);
  if ('notify_url' in request) throw new InvalidParameterError('notify_url', 'is the server’s matter');
  const { journal, processor } = caller.merchant;
  // Asked for again, it is no other act.
  if ((await journal.get('refund', out_refund_no)) === undefined) {
    const of = { number: out_refund_no, subject: out_trade_no, amount: request.refund_fee };
    await caller.audit.write(lineOf(caller, { action: 'refund', ...of }));
  }
  return before(processor.refund(out_trade_no, { ...request, out_refund_no }), deadline);
}

export async function lookAtRefund(
  caller: Caller,
  out_refund_no: string,
  until: Until,
  deadline: Deadline,
): Promise<Answer> {
  const out_trade_no = await saleOf(caller, out_refund_no);
  return lookUntil(async () => {
    const outcome = await outcomeOf(caller, out_trade_no, out_refund_no);
    const isOpen = until === 'final' ? outcome?.status === 'processing' : isUndecided(outcome);
    return isOpen ? undefined : outcome;
  }, deadline);
}

export async function refundsOf(caller: Caller, out_trade_no: string): Promise<RefundOutcome[]> {
  await paymentOfStore(caller, out_trade_no);
  return caller.merchant.processor.refunds(out_trade_no);
}

export async function acknowledgeRefund(caller: Caller, out_refund_no: string, revision: number): Promise<void> {
  demand(caller, 'refund');
  const out_trade_no = await saleOf(caller, out_refund_no);
  const asked = { number: out_refund_no, subject: out_trade_no, revision };
  await caller.audit.writeSoon(lineOf(caller, { action: 'acknowledge', ...asked }));
  await caller.merchant.processor.acknowledge({ out_trade_no, out_refund_no, revision });
}

/** What has ended of this store's refunds and nobody has acted upon. */
export async function* unacknowledgedRefunds(caller: Caller): AsyncIterable<RefundOutcome> {
  const { terminal, merchant } = caller;
  if (!terminal.can.includes('refund')) return;
  const filter = { kind: 'refund', finished: true, acknowledged: false } as const;
  for await (const { id, data } of merchant.journal.list(filter)) {
    const isOurs = await paymentOfStore(caller, String(data.out_trade_no)).then(
      () => true,
      () => false,
    );
    const outcome = isOurs ? await outcomeOf(caller, String(data.out_trade_no), id) : undefined;
    if (outcome !== undefined) yield outcome;
  }
}
