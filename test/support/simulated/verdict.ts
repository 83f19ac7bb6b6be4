import { isDeepStrictEqual } from 'node:util';
import type { Difference } from '../../../lib/bill/index.js';
import type { PaymentOutcome } from '../../../lib/payment/decision/outcomes.js';
import { dayOf } from '../../../lib/simulator/beijing.js';
import { differences } from './bill.js';
import type { History } from './history.js';
import type { Sale } from './sale.js';
import { decidedAt, secret } from './till.js';
import { stillness } from './till-clock.js';

const hour = 3_600_000;
const minute = 60_000;

/** The end of a history: the journal, the gateway's book, its bill, and what the cashier was told, held against each other. */
export class Verdict {
  readonly #world: History;

  constructor(world: History) {
    this.#world = world;
  }

  async finished(): Promise<void> {
    for await (const { kind, state } of this.#world.store.list({ finished: false })) {
      // A first record whose write failed late, and which can't be read: nothing was sent, and the next start ends it.
      const isUnsent = state === 'submitting' && this.#world.hasJournalFaults && !this.#world.isLast;
      const isUnsentRefund =
        kind === 'refund' && state === 'sending' && this.#world.hasJournalFaults && !this.#world.isLast;
      if (!isUnsent && !isUnsentRefund) this.#world.violate(`unfinished for ever: ${kind} ${state}`);
    }
  }

  /** A till with a handler needs no other start to hear of what nobody waits for. */
  async told(): Promise<void> {
    this.#world.refunding?.checkTold();
    for await (const record of this.#world.store.list({ kind: 'payment', finished: true })) {
      if (this.#world.sale(record.id).isElsewhere && record.state === 'paid') continue;
      const isTold = this.#world.sale(record.id).told.some(({ revision }) => revision === decidedAt(record));
      if (!isTold) this.#world.violate(`not told before another start: ${record.state}`);
    }
  }

  async sale(sale: Sale): Promise<void> {
    const { out_trade_no, told, fate } = sale;
    const record = await this.#world.store.get('payment', out_trade_no);
    const { gateway } = this.#world.network;
    const entry = gateway.book.get(out_trade_no);
    const violate = (what: string) => this.#world.violate(what);
    if (sale.requests > 1) violate('two payment requests for one order');
    if (record === undefined) {
      if (sale.requests > 0) violate('sent without a trace in the journal');
      return;
    }
    if (sale.isElsewhere && record.state === 'paid') return;
    if (JSON.stringify(record).includes(secret)) violate('a code in the journal');
    // A second pay() of the number, aborted before it wrote anything, tells nothing of the first.
    const isAbout = ({ revision }: PaymentOutcome) => revision !== undefined || sale.sells === 1;
    const finals = told.filter((outcome) => outcome.status !== 'reversing' && isAbout(outcome));
    const last = finals.at(-1);
    if (last === undefined) return violate(`never told: ${record.state}`);
    if (last.status !== record.state) violate(`told ${last.status}, journalled ${record.state}`);
    const reversingAt = told.findIndex(({ status }) => status === 'reversing');
    if (reversingAt >= 0 && told.slice(reversingAt).some(({ status }) => status === 'paid'))
      violate('told paid after it was told reversing');
    for (const earlier of finals)
      if (!isDeepStrictEqual(earlier, last)) {
        const isVoided = sale.isCancelled && (earlier.status === 'paid' || earlier.status === 'attention');
        if (!isVoided) violate(`told ${earlier.status}, then ${last.status}`);
      }
    const isQuiet = !this.#world.crashed && !this.#world.hasJournalFaults;
    // A till that dies at once takes the abort with it.
    if (sale.isAborted && isQuiet && finals.some(({ status }) => status === 'paid'))
      violate('told paid after it was aborted');
    const isOwed = this.#isOwed(sale) && isQuiet && !sale.isAborted && !sale.isCancelled && !this.#isMisdated(sale);
    if (isOwed && last.status !== 'paid')
      violate(`told ${last.status}, though the answer that it is paid came in time`);
    if ((last.status === 'failed' || last.status === 'cancelled') && gateway.received.has(out_trade_no))
      violate(`told ${last.status}, though the gateway got it`);
    if (
      this.#world.traits.asks &&
      sale.isGivenUpUnsent &&
      isQuiet &&
      !this.#world.hasRestarted &&
      last.status !== 'cancelled' &&
      last.status !== 'failed'
    )
      violate(`told ${last.status} what was given up before it left`);
    const isUndisturbed =
      isQuiet &&
      !this.#world.hasRestarted &&
      this.#world.faults === 0 &&
      !this.#world.stands.areAny &&
      !this.#world.hasCertificateFaults;
    // Of an answer that the network lost the till knows no limit: such a payment is queried like any other.
    if (isUndisturbed && sale.isLimitHeard && !sale.isAborted && !sale.isCancelled) {
      if (fate === 'limited' && sale.calls > 8) violate('more than 8 calls for a limited payment');
      if (
        fate === 'limited, by its signed word' &&
        this.#world.network.gateway.isUnlimited &&
        sale.calls > (this.#isPlain ? 2 : 3)
      )
        violate('more than 2 calls for a payment that was not taken');
    }
    const net = entry === undefined ? 0 : gateway.kept(entry);
    if (entry?.isStrangers) {
      // Whether the till ever heard that the number is taken is up to the network.
      if (sale.isKnownTaken && !this.#world.crashed && last.status !== 'attention')
        violate(`another sale's number told as ${last.status}`);
      if (sale.isKnownTaken && !this.#world.crashed && net < entry.charged)
        violate("another sale's payment was reversed");
      return;
    }
    const isCertificates =
      last.status === 'attention' && last.code === 'certificate' && this.#world.hasCertificateFaults;
    if (
      last.status === 'attention' &&
      !gateway.isForPersons(out_trade_no) &&
      !isCertificates &&
      !this.#isMisdated(sale)
    )
      violate(`attention for nothing: ${fate}`);
    if (sale.isTakenUp && isCertificates && isQuiet) violate('left before a person, though it was given up again');
    if (last.status === 'paid' && net !== sale.total_fee && fate !== 'refunded by hand')
      violate('told paid, not charged');
    if (last.status !== 'paid' && last.status !== 'attention' && net !== 0) violate(`told ${last.status}, but charged`);
  }

  /** Every history ends with the gateway's bill: the journal differs from it in nothing but what is left to persons, or others'. */
  async bill(): Promise<void> {
    const unknown = new Set<string>();
    const { network, store, merchantOf } = this.#world;
    for await (const difference of differences(network.gateway, store, merchantOf)) {
      const { kind, out_trade_no } = difference;
      if (kind === 'unknown-here') unknown.add(out_trade_no);
      if (!this.#isKnownDifference(difference)) this.#world.violate(`the bill differs: ${kind}`);
    }
    for (const { out_trade_no, charged } of this.#world.network.gateway.book.values())
      if (charged > 0 && !this.#world.states.has(out_trade_no) && !unknown.has(out_trade_no))
        this.#world.violate('the bill has a sale that is not in the journal, and nobody says so');
  }

  #isKnownDifference({ kind, out_trade_no, out_refund_no = '', day }: Difference & { day: string }): boolean {
    const { book, refunds } = this.#world.network.gateway;
    const state = this.#world.states.get(out_trade_no);
    if (state === undefined) return kind === 'unknown-here';
    // So it is found.
    if (this.#world.isLost?.(out_trade_no)) return true;
    const made = refunds?.made.get(out_refund_no);
    if (kind === 'refund-unknown-here') return made?.isElsewhere === true;
    const { isMistimed } = this.#world;
    if (kind === 'refund-not-in-bill') return isMistimed && made !== undefined && dayOf(made.requestedAt) !== day;
    const entry = book.get(out_trade_no);
    if (entry?.isStrangers || state === 'attention') return made === undefined;
    // Only the till's clock tells when the record ended.
    const isLater = entry?.reversals.some(({ at }) => dayOf(at) !== day) ?? false;
    const isMisdated = kind === 'reversal-not-in-bill' || kind === 'reversed-still-charged';
    return isMisdated && isMistimed && isLater;
  }

  /** Unless its till woke right after the deadline, so that nothing tells that it stood still. */
  #isOwed({ owed }: Sale): boolean {
    if (owed === undefined) return false;
    const { till, deadline } = owed;
    const late = till.clock.wakings.filter((at) => at >= deadline);
    // It asks once more. If it stands still while it does, it has no answer in time.
    return late.every((at) => at > deadline + stillness + 1) && late.length < 2;
  }

  /** Whether the one query that confirms a decline is answered before the deadline. */
  get #isPlain(): boolean {
    return this.#world.pollingTimeout > 40_000;
  }

  /** Whether the till can't but take our own payment for an older one: its clock was far ahead, and it knew no better. */
  #isMisdated({ created }: Sale): boolean {
    if (created === undefined) return false;
    if (this.#world.stands.isSuspendable && this.#world.isJumpy) return true;
    const isAhead = created.wall - created.gateway > hour - 2 * minute;
    return isAhead && (!this.#world.traits.hasGatewayTime || this.#world.isJumpy);
  }
}
