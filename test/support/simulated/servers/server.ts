import { type Journal, type JournalRecord, keyOf, type RecordName } from '../../../../lib/journal/journal.js';
import { Limiter } from '../../../../lib/pay/limiter.js';
import type { PaymentClient } from '../../../../lib/payment/client.js';
import { type Transition, transition } from '../../../../lib/payment/decision/machine.js';
import { transition as refundTransition } from '../../../../lib/payment/decision/refund/machine.js';
import type { RefundOutcome } from '../../../../lib/payment/decision/refund/outcomes.js';
import { PaymentProcessor } from '../../../../lib/payment/processor.js';
import { requestTimeout, SimulatedClient } from '../client.js';
import type { Program } from '../history.js';
import type { Mutation } from '../mutation.js';
import { noticeOf, type Refund } from '../refunding.js';
import { type Slowness, TillClock } from '../till-clock.js';
import { ServerCare } from './care.js';
import { ofMerchant, withLimiter, withLook } from './clients.js';
import { Front } from './front.js';
import { ServerJournal } from './journal.js';
import { DatabaseLine } from './line.js';
import type { Rule } from './rules.js';
import type { ServersHistory } from './servers-history.js';

/** When a server began to write a payment down, by its clocks and the gateway's. */
interface Begun {
  readonly gateway: number;
  readonly wall: number;
  readonly monotonic: number;
  readonly till: Server;
  readonly hadLease: boolean;
}

/** What a server has for one of its merchants. */
export interface Branch {
  readonly journal: ServerJournal;
  readonly processor: PaymentProcessor;
  readonly front: Front;
}

/** A machine, on which one server after the other runs. */
export interface Machine {
  readonly wallError: number;
  readonly slowness: Slowness | undefined;
  /** The latest schema that its program knows. */
  readonly version: number;
  readonly merchants: ReadonlySet<string>;
}

/** How old a record may be when its payment leaves. Milliseconds. */
const youth = 15_000;

/** One run of a server's program, from its start to its death. */
export class Server implements Program {
  isAlive = true;
  /** It hands over what it has, and ends. */
  isClosing = false;
  /** Its machine stood still, and neither of its clocks tells. */
  isBlind = false;
  /** It stands still at its next step. */
  standsNext = false;
  knowsGatewayTime = false;
  readonly owner: string;
  readonly machine: Machine;
  readonly clock: TillClock;
  readonly care: ServerCare;
  /** By the world's clock: when it began, and when it last had a trouble of its own with the database. */
  readonly startedAt: number;
  troubledAt: number;
  readonly begun = new Map<string, Begun>();
  readonly #world: ServersHistory;
  /** What it writes, and has not heard of yet. */
  readonly #writing = new Set<JournalRecord>();
  readonly #branches = new Map<string, Branch>();

  constructor(world: ServersHistory, owner: string, machine: Machine, mutation: Mutation & { without?: Rule }) {
    const { random, quota } = world;
    const { without } = mutation;
    this.#world = world;
    this.owner = owner;
    this.machine = machine;
    this.startedAt = world.clock.monotonic();
    this.troubledAt = this.startedAt;
    this.clock = new TillClock(world.clock, random.between(-1_000_000, 1_000_000), machine.wallError, machine.slowness);
    const { clock } = this;
    const limiter = new Limiter(quota, {
      monotonic: () => clock.monotonic(),
      // A timer knows no parts of a millisecond.
      sleep: (ms, signal) => clock.sleep(Math.ceil(ms), signal),
    });
    this.care = new ServerCare({
      ...{ clock, without, line: new DatabaseLine(this, world) },
      asking: { owner, version: machine.version, merchants: machine.merchants },
      database: world.database,
      duration: world.lease,
      asked: () => world.askedLease,
      nextWrite: () => world.nextWrite(),
      notify: (whose) => world.notify(whose),
      onShare: (servers) => {
        if (quota !== undefined) limiter.callsPerSecond = quota / (without === 'sharesLimit' ? 1 : servers);
      },
    });
    const own = new SimulatedClient(world.network, clock, world.traits, world.witness(this)).client();
    const onPay = (out_trade_no: string) => {
      world.sale(out_trade_no).calledAt ??= world.clock.monotonic();
    };
    const client = quota === undefined ? own : withLimiter(own, limiter, onPay);
    for (const merchant of machine.merchants) {
      const journal = new ServerJournal(this.care, merchant);
      const looking = this.#looking(client, journal, without);
      this.#branches.set(merchant, this.#branch(ofMerchant(looking, merchant), journal, mutation));
    }
  }

  /** The first merchant's. */
  get processor(): PaymentProcessor {
    for (const { processor } of this.#branches.values()) return processor;
    throw new Error('a server without a merchant');
  }

  /** What is for a sale. Undefined: it is of no merchant of this server. */
  for(out_trade_no: string): Branch | undefined {
    return this.#branches.get(this.#world.merchantOf(out_trade_no));
  }

  of(merchant: string): Branch | undefined {
    return this.#branches.get(merchant);
  }

  /** Whether it may not know yet what the database has of it, by its own hand. */
  isWriting(record: RecordName): boolean {
    return [...this.#writing].some((each) => keyOf(each) === keyOf(record));
  }

  die(): void {
    this.isAlive = false;
    this.clock.die();
  }

  async stop(): Promise<void> {
    this.isClosing = true;
    for (const { processor, journal } of this.#branches.values()) {
      await processor.close();
      await journal.close();
    }
    await this.care.close();
    this.die();
  }

  refund(refund: Refund): void {
    const { out_trade_no, out_refund_no, refund_fee, total_fee } = refund;
    const branch = this.for(out_trade_no);
    if (branch === undefined) return;
    refund.asks += 1;
    const params = { out_refund_no, refund_fee, refund_desc: 'Tea', ...(total_fee !== undefined && { total_fee }) };
    this.#hear(refund, branch.processor.refund(out_trade_no, params));
  }

  followRefund(out_refund_no: string): void {
    const refund = this.#world.refunding?.find(out_refund_no);
    const branch = refund && this.for(refund.out_trade_no);
    // Whoever follows another server's for days only looks, again and again.
    if (refund === undefined || !branch?.journal.holds({ kind: 'refund', id: out_refund_no })) return;
    this.#hear(refund, branch.processor.refundSettled(out_refund_no));
  }

  notice(out_refund_no: string): void {
    const refund = this.#world.refunding?.find(out_refund_no);
    const branch = refund && this.for(refund.out_trade_no);
    if (refund !== undefined && branch !== undefined)
      this.#world.expect(this, branch.processor.noticed(noticeOf(refund)));
  }

  giveUp(out_trade_no: string): void {
    const sale = this.#world.sale(out_trade_no);
    // What another program sold is given up only once it's known here: else its number is, as one that never comes.
    if (sale.isElsewhere && !this.#world.states.has(out_trade_no)) return;
    const branch = this.for(out_trade_no);
    if (branch !== undefined) this.#world.expect(this, this.#world.cancelAt(this, branch, sale));
  }

  #hear(refund: Refund, asked: Promise<RefundOutcome>): void {
    const told = asked.then((outcome) => this.#world.tellRefund(this, refund, outcome));
    // Of a sale that is only adopted the gateway is asked first: that may go wrong.
    if (refund.total_fee === undefined) this.#world.expect(this, told);
    else told.catch(() => undefined);
  }

  #branch(client: PaymentClient, journal: ServerJournal, mutation: Mutation & { without?: Rule }): Branch {
    const { policies, journalTimeout, random } = this.#world;
    const { clock, care } = this;
    const { without } = mutation;
    const { reversal } = policies;
    const settleAfter =
      without === 'settlesLate' ? Math.max(reversal.notBefore ?? 0, requestTimeout) + 1 : reversal.settleAfter;
    const seen = this.#watched(journal, without);
    const processor = new PaymentProcessor(
      {
        client: mutation.client?.(client) ?? client,
        journal: mutation.journal?.(seen) ?? seen,
        clock: {
          wall: () => clock.wall(),
          monotonic: () => clock.monotonic(),
          sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms, signal),
        },
        journalTimeout,
        ...policies,
        reversal: { ...reversal, ...(settleAfter !== undefined && { settleAfter }) },
      },
      { transition: without === 'restarts' ? deafToRestart : transition, refundTransition, random: random.next },
    );
    return { journal, processor, front: new Front(processor, journal, clock, { care, without }) };
  }

  /** Its last look before the first byte. */
  #looking(client: PaymentClient, journal: ServerJournal, without: Rule | undefined): PaymentClient {
    const holds = (id: string) => journal.holds({ kind: 'payment', id });
    if (without === 'looksAtAge') return withLook(client, (id, { signal }) => holds(id) && !signal?.aborted);
    if (without !== 'looksAtGiveUp') return client;
    const isYoung = (id: string) => this.clock.monotonic() - (this.begun.get(id)?.monotonic ?? 0) < youth;
    return withLook(client, (id) => holds(id) && isYoung(id), false);
  }

  /** The same, by which it's seen when a payment is begun. */
  #watched(journal: ServerJournal, without: Rule | undefined): Journal {
    const create = (record: JournalRecord) => {
      const [gateway, wall, monotonic] = [
        this.#world.network.gateway.time(),
        this.clock.wall(),
        this.clock.monotonic(),
      ];
      if (record.kind === 'payment') {
        // Another try of the same number may be on its way still.
        const hadLease = this.care.lease.isGood || this.begun.get(record.id)?.hadLease === true;
        this.begun.set(record.id, { gateway, wall, monotonic, till: this, hadLease });
        this.#world.beginning(this);
      }
      return journal.create(record);
    };
    return {
      create,
      put: (record) => {
        this.#writing.add(record);
        const put = journal.put(without === 'reservesRefunds' ? withoutRefunds(record) : record);
        return put.finally(() => this.#writing.delete(record));
      },
      get: async (kind, id) => {
        const record = await journal.get(kind, id);
        return record && without === 'decidesOnce' ? decidedNow(record) : record;
      },
      list: (filter) => journal.list(filter),
      prune: (before) => journal.prune(before),
      close: () => journal.close(),
      holds: (record) => journal.holds(record),
      isStored: (record) => journal.isStored(record),
      onCancel: (listener) => journal.onCancel(listener),
      requestCancel: (out_trade_no) => journal.requestCancel(out_trade_no),
      onTakeUp: (listener) => journal.onTakeUp(listener),
    };
  }
}

const withoutRefunds = ({ data, ...record }: JournalRecord): JournalRecord => ({
  ...record,
  data: { ...data, ...('refunds' in data && { refunds: [] }) },
});

const decidedNow = ({ data, ...record }: JournalRecord): JournalRecord => ({
  ...record,
  data: { ...data, ...('decidedAt' in data && { decidedAt: record.revision }) },
});

/** What was taken up goes on as if nothing had been between. */
const deafToRestart: Transition = (state, event, policies) =>
  event.on === 'restart' ? { state, next: { do: 'continue' } } : transition(state, event, policies);
