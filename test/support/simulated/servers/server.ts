import type { Journal, JournalRecord } from '../../../../lib/journal/journal.js';
import type { PaymentClient } from '../../../../lib/payment/client.js';
import { transition } from '../../../../lib/payment/decision/machine.js';
import { transition as refundTransition } from '../../../../lib/payment/decision/refund/machine.js';
import type { RefundOutcome } from '../../../../lib/payment/decision/refund/outcomes.js';
import { PaymentProcessor } from '../../../../lib/payment/processor.js';
import { SimulatedClient } from '../client.js';
import type { Program } from '../history.js';
import type { Mutation } from '../mutation.js';
import { noticeOf, type Refund } from '../refunding.js';
import { TillClock } from '../till-clock.js';
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
}

/** One run of a server's program, from its start to its death. */
export class Server implements Program {
  isAlive = true;
  /** It hands over what it has, and ends. */
  isClosing = false;
  knowsGatewayTime = false;
  readonly owner: string;
  readonly clock: TillClock;
  readonly processor: PaymentProcessor;
  readonly journal: ServerJournal;
  readonly front: Front;
  /** By the world's clock: when it began, and when it last had a trouble of its own with the database. */
  readonly startedAt: number;
  troubledAt: number;
  readonly begun = new Map<string, Begun>();
  readonly #world: ServersHistory;

  constructor(world: ServersHistory, owner: string, wallError: number, mutation: Mutation & { without?: Rule }) {
    const { random } = world;
    const { without } = mutation;
    this.#world = world;
    this.owner = owner;
    this.startedAt = world.clock.monotonic();
    this.troubledAt = this.startedAt;
    this.clock = new TillClock(world.clock, random.between(-1_000_000, 1_000_000), wallError);
    const { clock } = this;
    const given = {
      wall: () => clock.wall(),
      monotonic: () => clock.monotonic(),
      sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms, signal),
    };
    this.journal = new ServerJournal({
      ...{ owner, clock, without, line: new DatabaseLine(this, world) },
      database: world.database,
      duration: world.lease,
      asked: () => world.askedLease,
      nextWrite: () => world.nextWrite(),
      notify: (whose) => world.notify(whose),
    });
    const own = new SimulatedClient(world.network, clock, world.traits, world.witness(this)).client();
    const client = without === 'looksAtAge' ? withoutAge(own, this.journal) : own;
    const journal = this.#watched(this.journal, without);
    this.processor = new PaymentProcessor(
      {
        client: mutation.client?.(client) ?? client,
        journal: mutation.journal?.(journal) ?? journal,
        clock: given,
        journalTimeout: world.journalTimeout,
        ...world.policies,
      },
      { transition, refundTransition, random: random.next },
    );
    this.front = new Front(this.processor, this.journal, clock, without);
  }

  die(): void {
    this.isAlive = false;
    this.clock.die();
  }

  async stop(): Promise<void> {
    this.isClosing = true;
    await this.processor.close();
    await this.journal.close();
    this.die();
  }

  refund(refund: Refund): void {
    const { out_trade_no, out_refund_no, refund_fee, total_fee } = refund;
    refund.asks += 1;
    const params = { out_refund_no, refund_fee, refund_desc: 'Tea', ...(total_fee !== undefined && { total_fee }) };
    this.#hear(refund, this.processor.refund(out_trade_no, params));
  }

  followRefund(out_refund_no: string): void {
    const refund = this.#world.refunding?.find(out_refund_no);
    // Whoever follows another server's for days only looks, again and again.
    if (refund === undefined || !this.journal.holds({ kind: 'refund', id: out_refund_no })) return;
    this.#hear(refund, this.processor.refundSettled(out_refund_no));
  }

  notice(out_refund_no: string): void {
    const refund = this.#world.refunding?.find(out_refund_no);
    if (refund !== undefined) this.#world.expect(this, this.processor.noticed(noticeOf(refund)));
  }

  giveUp(out_trade_no: string): void {
    const sale = this.#world.sale(out_trade_no);
    // What another program sold is given up only once it's known here: else its number is, as one that never comes.
    if (sale.isElsewhere && !this.#world.states.has(out_trade_no)) return;
    this.#world.expect(this, this.#world.cancelAt(this, sale));
  }

  #hear(refund: Refund, asked: Promise<RefundOutcome>): void {
    const told = asked.then((outcome) => this.#world.tellRefund(this, refund, outcome));
    // Of a sale that is only adopted the gateway is asked first: that may go wrong.
    if (refund.total_fee === undefined) this.#world.expect(this, told);
    else told.catch(() => undefined);
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
        this.begun.set(record.id, { gateway, wall, monotonic, till: this });
        this.#world.beginning(this);
      }
      return journal.create(record);
    };
    return {
      create,
      put: (record) => journal.put(without === 'reservesRefunds' ? withoutRefunds(record) : record),
      get: (kind, id) => journal.get(kind, id),
      list: (filter) => journal.list(filter),
      prune: () => journal.prune(),
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

/** Whose payments leave while their lease is good, however old. */
function withoutAge(client: PaymentClient, journal: Journal): PaymentClient {
  const { micropay } = client;
  const paying: PaymentClient['micropay'] = (order, options = {}) =>
    micropay(order, {
      ...options,
      mayLeave: () => {
        const isYoung = options.mayLeave?.() ?? true;
        const holds = journal.holds?.({ kind: 'payment', id: order.out_trade_no }) ?? true;
        return isYoung || (holds && !options.signal?.aborted);
      },
    });
  // The simulated client takes both rails' calls alike.
  return {
    ...client,
    micropay: paying,
    facepay: ({ face_code: _, ...order }, options) => paying({ ...order, auth_code: '120061098828009406' }, options),
  };
}
