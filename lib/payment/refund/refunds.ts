import { onAbort } from '../../abort.js';
import { call } from '../../concurrency.js';
import { ClosedError, InvalidParameterError } from '../../errors.js';
import { OrderExistsError } from '../../journal/errors.js';
import { gatewayTimeOf } from '../client.js';
import type { RefundTransition } from '../decision/refund/machine.js';
import type { RefundOutcome } from '../decision/refund/outcomes.js';
import { isReleased, type ReservedRefund, sendTimes } from '../decision/refund/rules.js';
import { OrderUnknownError, RefundRefusedError } from '../errors.js';
import { ensureMerchant } from '../merchant.js';
import type { Payments } from '../payments.js';
import { isTombstone } from '../record.js';
import { isLost } from '../record-writer.js';
import { type Parts, Runs } from '../runs.js';
import type { Surroundings } from '../subject.js';
import { adoptSale, refundsElsewhere } from './adoption.js';
import { apiOf, refundClient } from './client.js';
import { Copies } from './copies.js';
import { kindOf } from './kind.js';
import { Minutes } from './minutes.js';
import type { RefundRequest } from './parameters.js';
import { type KnownRefund, knownRefund, outcomeOf, refundRecord } from './record.js';
import { reservedOutcome } from './reserved.js';
import { type RefundParts, RefundRun } from './run.js';
import { type Sale, type Sales, storedRefund } from './sales.js';

/** Milliseconds after which refund() resolves at the latest. */
const patient = 15_000;

/** One for all: the error that abort() would make, with its stack, is expensive. */
const left = new ClosedError('What nobody waits for any more');

/** A refund that was asked for: it runs here, or in another process, or has ended. */
type Begun = { readonly run: RefundRun } | { readonly isElsewhere: true } | { readonly outcome: RefundOutcome };

/** The refunds of one processor: how they are reserved, begun and waited for. */
export class Refunds {
  readonly runs: Runs<KnownRefund, RefundOutcome, RefundRun>;
  readonly #parts: Parts<RefundOutcome>;
  readonly #own: Omit<RefundParts, 'client'>;
  readonly #payments: Payments;
  readonly #sales: Sales;
  readonly #copies: Copies;

  constructor(
    parts: Parts<RefundOutcome>,
    transition: RefundTransition,
    gate: Surroundings<RefundOutcome>['gate'],
    life: AbortSignal,
    { payments, sales }: { payments: Payments; sales: Sales },
  ) {
    this.#parts = parts;
    this.#payments = payments;
    this.#sales = sales;
    this.#copies = new Copies(sales, payments.runs.lanes);
    this.#own = {
      transition,
      minutes: new Minutes(() => parts.clock.monotonic()),
      onPhase: (out_refund_no, known) => this.#copies.makeLater(out_refund_no, known),
    };
    this.runs = new Runs(kindOf(parts.client, this.#own), parts, gate, life);
  }

  /** Its parameters are checked. @param signal Ends the waiting, not the refund. */
  async refund(out_trade_no: string, given: RefundRequest, signal: AbortSignal | undefined): Promise<RefundOutcome> {
    refundClient(this.#parts.client);
    const leave = new AbortController();
    void this.#parts.clock.sleep(patient, leave.signal).then(
      () => leave.abort(left),
      () => undefined,
    );
    const ignore = onAbort(signal, () => leave.abort(left));
    try {
      const begun = await this.#payments.runs.lanes.run(out_trade_no, () =>
        this.#begin(out_trade_no, given, leave.signal),
      );
      if ('outcome' in begun) return begun.outcome;
      const { out_refund_no } = given;
      if ('isElsewhere' in begun) return await this.#followed(out_refund_no, leave.signal);
      const outcome = await this.#heard(begun.run, leave.signal);
      await this.#copies.done(out_refund_no);
      return outcome;
    } finally {
      ignore();
      leave.abort(left);
    }
  }

  /** What the journal knows of a sale's refunds. */
  async of(out_trade_no: string): Promise<RefundOutcome[]> {
    const sale = await this.#sales.find(out_trade_no);
    if (sale === undefined) return [];
    const outcomes = sale.refunds.map(async (refund) => {
      const run = this.runs.running.get(refund.out_refund_no);
      // Unless another process has it, which has gone on with it.
      const isRunning =
        run?.known.stored.out_trade_no === out_trade_no && run.known.decidedAt >= (refund.decidedAt ?? 0);
      if (isRunning) return outcomeOf(run.id, run.known, run.trouble);
      return reservedOutcome(out_trade_no, (await this.#sales.recorded(sale, refund)) ?? refund);
    });
    return (await Promise.all(outcomes)).flatMap((outcome) => outcome ?? []);
  }

  async settled(out_refund_no: string): Promise<RefundOutcome> {
    const outcome = await this.runs.settled(out_refund_no);
    await this.#copies.done(out_refund_no);
    return outcome;
  }

  /** A notification came of it: it is asked for now. */
  async noticed(out_refund_no: string): Promise<void> {
    const running = this.runs.running.get(out_refund_no);
    if (running !== undefined) return running.noticed();
    const record = await this.runs.stored(out_refund_no);
    if (record !== undefined && !record.finished && this.runs.holds(record))
      await this.runs.resumeStored(out_refund_no);
  }

  /** Not before its sale's record tells the same: what was acknowledged is not looked at again. */
  async acknowledge(out_refund_no: string, revision: number): Promise<void> {
    await this.#copy(out_refund_no);
    await this.runs.acknowledge(out_refund_no, revision);
  }

  async close(): Promise<void> {
    await this.runs.close();
    await this.#parts.patience(this.#copies.done()).catch(() => undefined);
  }

  /** Within the sale's lane. */
  async #begin(out_trade_no: string, given: RefundRequest, leave: AbortSignal): Promise<Begun> {
    const { total_fee } = given;
    for (;;) {
      this.runs.ensureOpen();
      const joined = await this.#join(out_trade_no, given);
      if (joined !== undefined) return joined;
      const found = await this.#sales.find(out_trade_no);
      if (found === undefined) {
        await this.#adopt(out_trade_no, given, leave);
        continue;
      }
      // It has neither merchant nor sum.
      if (isTombstone(found.record)) throw new RefundRefusedError('given-up', out_trade_no, given.out_refund_no);
      ensureMerchant(out_trade_no, found.known.stored.merchant, this.#parts.client.identity);
      if (total_fee !== undefined && total_fee !== found.total_fee)
        throw new InvalidParameterError('total_fee', `is not what the journal knows of ${out_trade_no}`);
      const closed = found.refunds.find(
        (each) => each.out_refund_no === given.out_refund_no && isClosedElsewhere(each),
      );
      const outcome = closed && reservedOutcome(out_trade_no, closed);
      if (outcome !== undefined) return { outcome };
      const sale = await this.#reserved(found, given, leave);
      if (sale === undefined) continue;
      const run = await this.#create(sale, given);
      if (run === undefined) continue;
      void run.begin();
      return { run };
    }
  }

  /** What is known of the number: undefined if nothing is. @throws OrderExistsError if it is that of another refund. */
  async #join(out_trade_no: string, { out_refund_no, refund_fee }: RefundRequest): Promise<Begun | undefined> {
    const { runs } = this;
    return runs.lanes.run(out_refund_no, async () => {
      const record = await runs.stored(out_refund_no);
      if (record === undefined) return undefined;
      const { known } = await runs.known(out_refund_no);
      const { stored, facts } = known;
      if (stored.out_trade_no !== out_trade_no || stored.refund_fee !== refund_fee)
        throw new OrderExistsError(out_trade_no, out_refund_no);
      const running = runs.running.get(out_refund_no);
      if (running !== undefined) return { run: running };
      if (!record.finished) return runs.holds(record) ? { run: runs.resume(record, known) } : { isElsewhere: true };
      const outcome = outcomeOf(out_refund_no, known);
      if (facts.resumable === undefined && outcome !== undefined) return { outcome };
      runs.ensureOurs(out_refund_no, known);
      const run = runs.takeUp(record, known);
      void run.askAgain();
      return { run };
    });
  }

  async #adopt(out_trade_no: string, given: RefundRequest, signal: AbortSignal): Promise<void> {
    const { client, clock, journal, patience } = this.#parts;
    const { out_refund_no, total_fee } = given;
    if (total_fee === undefined) throw unknownSale(out_trade_no, out_refund_no);
    const wanted = { out_trade_no, out_refund_no, total_fee };
    const record = await adoptSale(refundClient(client), clock, wanted, signal);
    await patience(journal.create(record)).catch(async (error: unknown) => {
      // Another process was quicker, if it isn't a sale of a merchant with the same numbers.
      if (!(error instanceof OrderExistsError) || (await this.#sales.find(out_trade_no)) === undefined) throw error;
    });
  }

  /** The sale with the refund in its record; undefined if the record has gone on, and is to be read again. */
  async #reserved(
    found: Sale,
    { out_refund_no, refund_fee }: RefundRequest,
    leave: AbortSignal,
  ): Promise<Sale | undefined> {
    const out_trade_no = found.record.id;
    const known = found.refunds.find((each) => each.out_refund_no === out_refund_no);
    if (known !== undefined) {
      // A crash came between, or another program made it: the same number gives back once.
      if (known.refund_fee !== refund_fee) throw new OrderExistsError(out_trade_no, out_refund_no);
      return found;
    }
    let sale = await this.#sales.refreshed(found);
    let rule = this.#sales.brokenRule(sale, refund_fee);
    if (rule !== undefined && sale.refunds.some(isOpenElsewhere)) {
      sale = await this.#askedElsewhere(sale, leave);
      rule = this.#sales.brokenRule(sale, refund_fee);
    }
    if (rule !== undefined) throw new RefundRefusedError(rule, out_trade_no, out_refund_no);
    const at = this.#parts.clock.wall();
    const refunds = [...sale.refunds, { out_refund_no, refund_fee, at, phase: 'sending' as const, facts: {} }];
    return (await this.#sales.write(sale, refunds)) ? { ...sale, refunds } : undefined;
  }

  /** The sale with the refunds of other programs as they stand now, if the gateway tells. */
  async #askedElsewhere(sale: Sale, signal: AbortSignal): Promise<Sale> {
    const client = refundClient(this.#parts.client);
    const shown = await call(() => refundsElsewhere(client, sale.record.id, { signal, fresh: true })).catch(() => []);
    const refunds = sale.refunds.map((refund) => {
      const now = isOpenElsewhere(refund) && shown.find((each) => each.out_refund_no === refund.out_refund_no);
      return now ? { ...refund, phase: now.phase, facts: now.facts } : refund;
    });
    return { ...sale, refunds };
  }

  /** Writes it down; undefined if another process has just done so. */
  async #create(sale: Sale, given: RefundRequest): Promise<RefundRun | undefined> {
    const { client, clock, program } = this.#parts;
    const { out_refund_no } = given;
    const index = sale.refunds.findIndex((each) => each.out_refund_no === out_refund_no);
    const [now, gatewayNow] = [clock.wall(), gatewayTimeOf(client)];
    const wall = sendTimes(sale.refunds)[index] ?? now;
    const gateway = gatewayNow === undefined ? {} : { gateway: wall + (gatewayNow - now) };
    const api = apiOf(client);
    const stored = { ...storedRefund(sale, given, { wall, run: program, ...gateway }), ...(api && { api }) };
    const known = { stored, phase: 'sending' as const, facts: {}, decidedAt: 1 };
    const record = refundRecord(out_refund_no, 1, clock.wall(), known);
    const parts = { ...this.#own, client: refundClient(client) };
    try {
      return await this.runs.create(out_refund_no, (around) => ({
        run: new RefundRun(record, known, around, parts),
        record,
      }));
    } catch (error) {
      if (!(error instanceof OrderExistsError)) throw error;
      await this.#sales.ensureOurs(sale.record.id, out_refund_no);
      return undefined;
    }
  }

  async #heard(run: RefundRun, leave: AbortSignal): Promise<RefundOutcome> {
    try {
      return await run.wait('decided', 'brief', leave);
    } catch (error) {
      if (isLost(error)) return this.#followed(run.id, leave);
      const outcome = error === left ? outcomeOf(run.id, run.known, run.trouble) : undefined;
      if (outcome === undefined) throw error;
      return outcome;
    }
  }

  /** How one that another process runs stands. */
  async #followed(out_refund_no: string, leave: AbortSignal): Promise<RefundOutcome> {
    try {
      return await this.runs.followed(out_refund_no, 'decided', leave);
    } catch (error) {
      if (error !== left) throw error;
      const { known } = await this.runs.known(out_refund_no);
      const outcome = outcomeOf(out_refund_no, known);
      if (outcome === undefined) throw error;
      return outcome;
    }
  }

  async #copy(out_refund_no: string): Promise<void> {
    const record = await this.runs.stored(out_refund_no);
    const known = record && knownRefund(record);
    if (known !== undefined) await this.#copies.make(out_refund_no, known);
  }
}

/** Another program made it, and nothing was given back: it counts no more, and is not sent again. */
const isClosedElsewhere = (refund: ReservedRefund): boolean =>
  refund.elsewhere === true && refund.decidedAt === undefined && isReleased(refund);

/** Nobody here hears how it ends. */
const isOpenElsewhere = (refund: ReservedRefund): boolean =>
  refund.elsewhere === true && refund.decidedAt === undefined && refund.phase === 'accepted';

const unknownSale = (out_trade_no: string, out_refund_no: string): OrderUnknownError =>
  new OrderUnknownError(
    'ERR_ORDER_UNKNOWN',
    `${out_trade_no} is not in the journal: with total_fee the gateway is asked for it`,
    { out_trade_no, out_refund_no },
  );
