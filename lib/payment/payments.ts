import { onAbort } from '../abort.js';
import { limit } from '../concurrency.js';
import { ClosedError, InvalidParameterError } from '../errors.js';
import { OrderExistsError } from '../journal/errors.js';
import type { JournalRecord } from '../journal/journal.js';
import type { RequestOptions } from '../pay/request.js';
import type { PayResult } from '../pay/results.js';
import { isOptional } from '../unknown.js';
import { Alarm, Pauses } from './alarm.js';
import { gatewayTimeOf, hasRail, type PaymentClient, railOf, takerOf } from './client.js';
import type { Transition } from './decision/machine.js';
import { cancelledBy, outcomeOf, type PaymentOutcome } from './decision/outcomes.js';
import { remembered } from './decision/states.js';
import { extended } from './decision/table.js';
import { OrderUnknownError } from './errors.js';
import { ensureMerchant } from './merchant.js';
import { checkCode, checkOrder, type Order, type PaymentCode, type RecordedRail } from './order.js';
import { PaymentRun } from './payment-run.js';
import type { PayOptions } from './progress.js';
import { fromRecord, isNote, type KnownPayment, recordedMerchant, type StoredPayment } from './record.js';
import { isLost } from './record-writer.js';
import { type Sales, saleOf } from './refund/sales.js';
import { type Kind, type Parts, Runs } from './runs.js';
import type { PaymentParts, Surroundings } from './subject.js';

/** How many that were taken up wait for their first query: of a hundred thousand the others stay in the journal until then. */
const mostUnasked = 1_000;

/** One for all: the error that abort() would make, with its stack, is expensive. */
const cancelled = new ClosedError('What is no longer wanted');

const onCancel = { on: 'cancel', elapsed: 0, quiet: 0 } as const;

/** The payments of one processor: how they begin, and how they are given up. */
export class Payments {
  readonly runs: Runs<KnownPayment, PaymentOutcome, PaymentRun>;
  readonly #parts: Parts<PaymentOutcome>;
  readonly #own: PaymentParts;
  readonly #sales: Sales;
  readonly #unasked = limit(mostUnasked);

  constructor(
    parts: Parts<PaymentOutcome>,
    transition: Transition,
    gate: Surroundings<PaymentOutcome>['gate'],
    life: AbortSignal,
    sales: Sales,
  ) {
    this.#parts = parts;
    this.#sales = sales;
    const { clock, policies } = parts;
    this.#own = { transition, deadlines: new Alarm(clock, policies.polling.timeout), pauses: new Pauses(clock) };
    this.runs = new Runs(kindOf(parts.client, this.#own), parts, gate, life);
  }

  /** Takes a payment to its outcome. */
  async pay(order: Order, code: PaymentCode, { signal, onProgress, note }: PayOptions): Promise<PaymentOutcome> {
    checkCode(code);
    const rail = railOf(this.#parts.client, code);
    checkOrder(order);
    this.runs.ensureOpen();
    // Before anything is sent, not when it is too late to listen to it.
    if (signal && typeof signal.addEventListener !== 'function')
      throw new InvalidParameterError('signal', 'must be an AbortSignal');
    if (!isOptional(note, isNote)) throw new InvalidParameterError('note', 'must be an object of texts');
    const { out_trade_no, total_fee } = order;
    const send = requestOf(this.#parts.client, rail, order, code);
    if (signal?.aborted) {
      if (await this.runs.stored(out_trade_no)) throw new OrderExistsError(out_trade_no);
      return { status: 'cancelled', out_trade_no, by: cancelledBy(signal.reason) };
    }
    const stored = { ...this.#toStore(rail, total_fee), ...(note !== undefined && { note: { ...note } }) };
    const run = await this.runs.create(out_trade_no, (around) =>
      PaymentRun.begin(out_trade_no, stored, around, this.#own, onProgress),
    );
    return this.#submit(run, send, signal);
  }

  /** Not async: what would wait with it costs half a kilobyte for each of thousands. */
  #submit(
    run: PaymentRun,
    send: (options: RequestOptions) => Promise<PayResult>,
    signal: AbortSignal | undefined,
  ): Promise<PaymentOutcome> {
    const outcome = this.runs.heard(run.id, this.#told, run.wait(this.#told));
    // Before it is sent: an abort may come from within a progress handler, or from the client.
    const ignore = onAbort(signal, () => void run.giveUp('abort', cancelledBy(signal?.reason), signal?.reason));
    if (!signal?.aborted) run.submit(send);
    return signal ? outcome.finally(ignore) : outcome;
  }

  async cancel(out_trade_no: string): Promise<PaymentOutcome> {
    const { journal, patience } = this.#parts;
    if (journal.requestCancel !== undefined) {
      const sale = await this.#sales.find(out_trade_no);
      if (sale !== undefined) await this.#sales.notRefunded(sale);
      // On a journal that several processes share it is irrevocable from here on, whoever runs the payment.
      await patience(journal.requestCancel(out_trade_no));
    }
    for (;;) {
      const { told, takenUp } = await this.runs.lanes.run(out_trade_no, () => this.#cancel(out_trade_no));
      try {
        return await told;
      } catch (error) {
        // Another process has it, and may have ended it before this one was asked.
        if (isLost(error)) continue;
        // A refund was reserved meanwhile, or one has ended: it is to be looked at again.
        if (takenUp === undefined || (await this.runs.stored(out_trade_no))?.revision === takenUp) throw error;
      }
    }
  }

  /** @returns `takenUp`: the revision of a finished record that it is to follow. */
  async #cancel(out_trade_no: string): Promise<{ told: Promise<PaymentOutcome>; takenUp?: number }> {
    const { runs } = this;
    const running = runs.running.get(out_trade_no);
    if (running !== undefined) {
      const told = running.wait(this.#told);
      const isTaken = running.giveUp('cancel', 'cashier', cancelled);
      // The payment may end before it learns of the cancel. If the journal fails, the run keeps trying; nobody waits
      // for that here.
      const isOver = told.then(
        () => isTaken,
        () => true,
      );
      if (await Promise.race([isTaken, isOver])) return { told };
    }
    const { record, known } = await runs.known(out_trade_no);
    if (!record.finished && !runs.holds(record)) return { told: runs.followed(out_trade_no, this.#told) };
    if (!record.finished) return this.#giveUp(runs.resume(record, known));
    const outcome = outcomeOf(out_trade_no, known, known.decidedAt);
    if (outcome !== undefined && !this.#mayCancel(known)) return { told: Promise.resolve(outcome) };
    runs.ensureOurs(out_trade_no, known);
    const { refunds } = await this.#sales.notRefunded(saleOf(record, known));
    const stored = { ...known.stored, ...(refunds.length > 0 && { refunds }) };
    return { ...this.#giveUp(runs.takeUp(record, { ...known, stored })), takenUp: record.revision };
  }

  /**
   * Goes on with an unfinished one that isn't running here. Resolves when it runs; that's not before there is room among those that
   * the gateway wasn't asked for yet.
   */
  resume(out_trade_no: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.runs.running.has(out_trade_no)) return resolve();
      void this.#unasked(async () => {
        const run = await this.runs.resumeStored(out_trade_no);
        resolve();
        await run?.answered();
      }).catch(reject);
    });
  }

  /** Another process has written a cancel() of it down. */
  cancelIfRunning(out_trade_no: string): void {
    void this.runs.running.get(out_trade_no)?.giveUp('cancel', 'cashier', cancelled);
  }

  get #told(): 'decided' | 'ended' {
    return this.#parts.policies.reversal.mode === 'await' ? 'ended' : 'decided';
  }

  #toStore(rail: RecordedRail, total_fee: number): StoredPayment {
    const { client, clock, program } = this.#parts;
    const gateway = gatewayTimeOf(client);
    return {
      rail,
      total_fee,
      merchant: recordedMerchant(client.identity),
      requested: {
        wall: clock.wall(),
        run: program,
        monotonic: clock.monotonic(),
        ...(gateway !== undefined && { gateway: Math.round(gateway) }),
      },
    };
  }

  /** Whether a payment that has ended may still be given up. */
  #mayCancel({ phase, facts }: KnownPayment): boolean {
    const { state } = this.#own.transition(remembered(phase, facts), onCancel, this.#parts.policies);
    return state.phase !== phase;
  }

  #giveUp(run: PaymentRun): { told: Promise<PaymentOutcome> } {
    const told = run.wait(this.#told);
    void run.giveUp('cancel', 'cashier', cancelled);
    return { told };
  }
}

/** How a payment is read, told and taken up. */
const kindOf = (client: PaymentClient, own: PaymentParts): Kind<KnownPayment, PaymentOutcome, PaymentRun> => ({
  name: 'payment',
  fromRecord,
  outcomeOf: (out_trade_no, known, trouble) => outcomeOf(out_trade_no, known, known.decidedAt, trouble),
  attention: ({ id, revision }: JournalRecord, code, reason) => ({
    status: 'attention',
    out_trade_no: id,
    revision,
    code,
    reason,
  }),
  ensureOurs: (out_trade_no, { stored }) => {
    ensureMerchant(out_trade_no, stored.merchant, client.identity);
    if (!hasRail(client, stored.rail))
      throw new OrderUnknownError(
        'ERR_ORDER_FOREIGN',
        `${out_trade_no} was paid by ${stored.rail}; only a client with the calls of that rail can go on with it`,
        { out_trade_no },
      );
  },
  unknown: (out_trade_no) =>
    new OrderUnknownError('ERR_ORDER_UNKNOWN', `${out_trade_no} is not in the journal`, { out_trade_no }),
  takeUp: (record, known, around) => PaymentRun.takeUp(record, known, around, own),
});

/** Sends the payment request of an order. Keeps the code no longer than until then. */
function requestOf(
  client: PaymentClient,
  rail: RecordedRail,
  { extra, ...fields }: Order,
  code: PaymentCode,
): (options: RequestOptions) => Promise<PayResult> {
  const order = extra === undefined ? fields : { ...extra, ...fields };
  const taker = takerOf(client, rail);
  if ('auth_code' in code && taker !== undefined) {
    const params = extended(order, { auth_code: code.auth_code });
    return (options) => taker.micropay(params, options);
  }
  const facepay = hasRail(client, rail) ? taker?.facepay : undefined;
  if (!('face_code' in code) || facepay === undefined)
    throw new InvalidParameterError('code', 'is a face_code, and this client has no calls of the facepay rail');
  const { face_code, openid } = code;
  const params = { ...order, face_code, ...(openid !== undefined && { openid }) };
  return (options) => facepay.call(taker, params, options);
}
