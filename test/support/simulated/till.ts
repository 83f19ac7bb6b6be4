import type { UpdateWxpayfacePayResultParams } from '../../../lib/face/commands.js';
import { FaceService } from '../../../lib/face/service.js';
import { JournalError, OrderExistsError } from '../../../lib/journal/errors.js';
import { FileJournal } from '../../../lib/journal/file-journal.js';
import type { Journal, JournalFilter, JournalRecord } from '../../../lib/journal/journal.js';
import { transition } from '../../../lib/payment/decision/machine.js';
import type { PaymentOutcome } from '../../../lib/payment/decision/outcomes.js';
import { transition as refundTransition } from '../../../lib/payment/decision/refund/machine.js';
import type { RefundOutcome } from '../../../lib/payment/decision/refund/outcomes.js';
import { finalPhases } from '../../../lib/payment/decision/states.js';
import { OrderUnknownError } from '../../../lib/payment/errors.js';
import { PaymentProcessor } from '../../../lib/payment/processor.js';
import { fromRecord } from '../../../lib/payment/record.js';
import { knownRefund } from '../../../lib/payment/refund/record.js';
import { FacePay } from '../../../lib/terminal/face-pay.js';
import { SimulatedClient, type Traits } from './client.js';
import { merchant } from './gateway.js';
import type { Mutation } from './mutation.js';
import { isFinalRefund, noticeOf, type Refund } from './refunding.js';
import type { Sale } from './sale.js';
import { TillClock } from './till-clock.js';
import type { World } from './world.js';

export const secret = 'secret-code';
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
export const isFinal = (state: string | undefined) => [...finalPhases].some((phase) => phase === state);

/** The revision at which a record's phase was decided: that of its outcome. */
export const decidedAt = (record: JournalRecord): number =>
  (record.kind === 'refund' ? knownRefund(record) : fromRecord(record))?.decidedAt ?? record.revision;

type Outcome = PaymentOutcome | RefundOutcome;
const numberOf = (outcome: Outcome): string => ('kind' in outcome ? outcome.out_refund_no : outcome.out_trade_no);

/** One run of the till's program, from its start to its death. After that nothing that it waits for happens. */
export class Till {
  isAlive = true;
  readonly clock: TillClock;
  readonly processor: PaymentProcessor;
  /** The numbers for which pay() goes on. */
  /** Calls of pay() under way, of each number: a cashier may press twice. */
  readonly #paying = new Map<string, number>();
  readonly writingPaid = new Set<string>();
  /** It has read a Date header, and its client tells it. */
  knowsGatewayTime = false;
  readonly #world: World;
  readonly #mutation: Mutation;
  readonly #client: SimulatedClient;
  readonly #isHandling = new Set<string>();
  /** What pay() resolved with, as number and revision. */
  readonly #waitedFor = new Set<string>();
  readonly #file: Promise<FileJournal>;
  /** Calls of the journal under way. */
  #calls = 0;

  constructor(world: World, mutation: Mutation, traits: Traits) {
    this.#world = world;
    this.#mutation = mutation;
    const { random } = world;
    const clock = new TillClock(world.clock, random.between(-1_000_000, 1_000_000));
    this.clock = clock;
    this.#client = new SimulatedClient(world.network, clock, traits, world.witness(this), mutation.misread?.());
    const given = {
      wall: () => clock.wall(),
      monotonic: () => clock.monotonic(),
      sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms, signal),
    };
    this.#file = this.#call(() => this.#open());
    const [client, journal] = [this.#client.client(), this.#journal()];
    const onOutcome = (outcome: Outcome): Promise<void> => this.#handle(outcome);
    this.processor = new PaymentProcessor(
      {
        client: mutation.client?.(client) ?? client,
        journal: mutation.journal?.(journal) ?? journal,
        clock: mutation.clock?.(given) ?? given,
        journalTimeout: mutation.journalTimeout ?? world.journalTimeout,
        ...world.policies,
        ...(world.hasHandler && { onOutcome: mutation.onOutcome?.(onOutcome) ?? onOutcome }),
      },
      {
        transition: mutation.transition ?? transition,
        refundTransition: mutation.refundTransition ?? refundTransition,
        random: random.next,
      },
    );
    if (world.hasHandler) return;
    this.#recover();
    if (world.refunding !== undefined) this.#followAll();
  }

  /** Resolves with false if it died before it was closed. */
  async stop(): Promise<boolean> {
    await this.processor.close();
    const file = await this.#file;
    await this.#call(() => file.close());
    const wasAlive = this.isAlive;
    this.die();
    return wasAlive;
  }

  /** Its journal is at work. */
  get isBusy(): boolean {
    return this.isAlive && this.#calls > 0;
  }

  die(): void {
    this.isAlive = false;
    this.clock.die();
  }

  isPaying(out_trade_no: string): boolean {
    return (this.#paying.get(out_trade_no) ?? 0) > 0;
  }

  #counted(out_trade_no: string, one: 1 | -1): void {
    this.#paying.set(out_trade_no, (this.#paying.get(out_trade_no) ?? 0) + one);
  }

  sell(sale: Sale, abort: AbortController): void {
    const { out_trade_no, total_fee, rail } = sale;
    const { signal } = abort;
    if (!this.isAlive || signal.aborted) return;
    sale.sells += 1;
    const screen = { waiting: 0 };
    let steps = 0;
    const onProgress = () => {
      steps += 1;
      if (sale.abortAt?.where === 'progress' && sale.abortAt.step === steps) this.abort(sale, abort);
    };
    const facePay = new FacePay({
      face: this.#face(rail, screen),
      merchant: {
        identity: merchant,
        getWxpayfaceAuthinfo: async () => ({ return_code: 'SUCCESS', authinfo: 'authinfo', expires_in: 3600 }),
        pay: async (order, code, options = {}) => {
          const heard = options.signal && (this.#mutation.signal?.(options.signal) ?? options.signal);
          this.#counted(out_trade_no, 1);
          try {
            const told = await this.processor.pay(order, code, { ...options, ...(heard && { signal: heard }) });
            this.#waitedFor.add(`${out_trade_no} ${told.revision}`);
            return told;
          } finally {
            this.#counted(out_trade_no, -1);
          }
        },
        outcome: (number) => this.processor.outcome(number),
      },
      terminal: { store_id: 'S1', store_name: 'Shop', device_id: 'T1' },
      rail,
    });
    const sold = facePay.pay({ out_trade_no, total_fee, body: 'Tea' }, { signal, onProgress });
    const check = () => {
      if (this.isAlive && screen.waiting !== 0) this.#world.violate('the screen was left waiting');
    };
    sold.then(check, check);
    this.#hear(
      sold.then((outcome) => {
        if (outcome.status === 'scan') throw new Error('nobody chose to scan');
        return outcome;
      }),
    );
  }

  /** A service that finds a face at once, and whose screen then waits until it is told. */
  #face(rail: Sale['rail'], screen: { waiting: number }): FaceService {
    const success = { return_code: 'SUCCESS' as const };
    const done = async () => success;
    const library = { value: { path: 'simulated', arch: process.arch, host: 'in-process' } };
    return Object.assign(Object.create(FaceService.prototype, { library }), {
      initWxpayface: done,
      releaseWxpayface: done,
      getWxpayfaceRawdata: async () => ({ ...success, rawdata: 'rawdata' }),
      getWxpayfaceCode: async () => {
        screen.waiting += 1;
        return { ...success, face_code: rail === 'micropay' ? '120061098828009406' : secret, openid: 'someone' };
      },
      updateWxpayfacePayResult: async ({ payresult }: UpdateWxpayfacePayResultParams) => {
        if (this.#mutation.tellsScreen?.(payresult) ?? true) screen.waiting -= 1;
        return success;
      },
    });
  }

  /** The cashier, or our own code, aborts pay(). */
  abort(sale: Sale, abort: AbortController): void {
    const { out_trade_no } = sale;
    const world = this.#world;
    if (this.isAlive && this.isPaying(out_trade_no) && !this.writingPaid.has(out_trade_no)) {
      const state = world.states.get(out_trade_no);
      // What an earlier run finished stays so.
      if (state === undefined || !isFinal(state)) {
        sale.isAborted = true;
        if (state === 'submitting' && !sale.hasLeft) sale.isGivenUpUnsent = true;
      }
    }
    abort.abort();
  }

  cancel(sale: Sale): void {
    if (!this.isAlive) return;
    const { out_trade_no } = sale;
    sale.isCancelled = true;
    if (this.isPaying(out_trade_no) && this.#world.states.get(out_trade_no) === 'submitting' && !sale.hasLeft)
      sale.isGivenUpUnsent = true;
    this.#hear(this.processor.cancel(out_trade_no));
  }

  settled(sale: Sale): void {
    if (this.isAlive) this.#hear(this.processor.settled(sale.out_trade_no));
  }

  refund(refund: Refund): void {
    if (!this.isAlive) return;
    const { out_trade_no, out_refund_no, refund_fee, total_fee } = refund;
    const world = this.#world;
    refund.asks += 1;
    const isFirst = refund.asks === 1;
    const params = { out_refund_no, refund_fee, refund_desc: 'Tea', ...(total_fee !== undefined && { total_fee }) };
    const asked = this.processor.refund(out_trade_no, params);
    world.refunding?.impatience(this, asked);
    this.#hear(asked, refund);
    if (isFirst && !world.hasHandler)
      asked.then(
        () => this.followRefund(out_refund_no),
        () => undefined,
      );
  }

  /** Somebody waits for its end. */
  followRefund(out_refund_no: string): void {
    if (!this.isAlive || !this.#world.refunding?.records.has(out_refund_no)) return;
    this.#hear(this.processor.refundSettled(out_refund_no));
  }

  /** Without a handler nobody else tells what an earlier run left. */
  #followAll(): void {
    void (async () => {
      try {
        await this.#file;
        for (const [id, { acknowledged }] of this.#world.refunding?.records ?? [])
          if (!acknowledged) {
            const ended = this.processor.refundSettled(id);
            this.#hear(ended);
            await ended;
          }
      } catch (error) {
        if (!(error instanceof JournalError)) return;
        this.clock.at(10_000, () => this.#followAll());
      }
    })();
  }

  notice(out_refund_no: string): void {
    const refund = this.#world.refunding?.find(out_refund_no);
    if (!this.isAlive || refund === undefined) return;
    this.#hear(this.processor.noticed(noticeOf(refund)).then(() => undefined));
  }

  /** The cashier gives a sale up, however long ago it was. */
  giveUp(out_trade_no: string): void {
    this.cancel(this.#world.sale(out_trade_no));
  }

  #recover(): void {
    const outcomes = this.processor.recover();
    void (async () => {
      try {
        for await (const outcome of outcomes) this.#acknowledge(this.#tell(outcome));
      } catch (error) {
        if (!(error instanceof JournalError && this.#world.hasJournalFaults)) this.#world.violate(`recover: ${error}`);
        this.clock.at(10_000, () => this.#recover());
      }
    })();
  }

  /** @param refund What refund() was called for. */
  #hear(outcome: Promise<Outcome | undefined>, refund?: Refund): void {
    void outcome.then(
      (told) => {
        if (told === undefined) return;
        if (refund?.asks === 1 && isFinalRefund(told.status)) this.#waitedFor.add(`${numberOf(told)} ${told.revision}`);
        this.#acknowledge(this.#tell(told));
      },
      (error: unknown) => {
        const world = this.#world;
        if (!this.isAlive) return;
        const isExpected =
          (error instanceof OrderExistsError && refund === undefined) ||
          (error instanceof JournalError && world.mayBeSilent) ||
          (error instanceof OrderUnknownError && error.code === 'ERR_ORDER_REFUNDED' && refund === undefined) ||
          (error instanceof Error && /closed/.test(error.message)) ||
          (error instanceof Error && /not in the journal/.test(error.message) && refund === undefined) ||
          (refund !== undefined && world.refunding?.isExpected(refund, error));
        if (!isExpected) world.violate(`thrown: ${error}`);
      },
    );
  }

  /** Undefined where the till dies before anybody hears it. */
  #tell(outcome: Outcome): Outcome | undefined {
    const world = this.#world;
    if (world.step(this)) return undefined;
    if ('kind' in outcome) {
      const refund = world.refunding?.find(outcome.out_refund_no);
      if (refund === undefined) world.violate('told of a refund that nobody asked for');
      else world.refunding?.told(this, refund, outcome);
      return outcome;
    }
    const { out_trade_no, status, revision = 0 } = outcome;
    const state = world.states.get(out_trade_no);
    const sale = world.sale(out_trade_no);
    const isJournalled =
      outcome.revision === undefined
        ? status === 'cancelled'
        : state === status || state === 'reversing' || status === 'reversing';
    if (!isJournalled || (status === 'reversing' && state !== 'reversing' && !isFinal(state)))
      world.violate(`told ${status} while the journal says ${state}`);
    if (sale.knownOldBy.has(this) && !['attention', 'failed', 'cancelled', 'reversing'].includes(status))
      world.violate(`an older sale's number told as ${status}`);
    // At one and the same moment several may be on their way.
    const now = world.clock.monotonic();
    if (outcome.revision !== undefined && revision < sale.last.revision && now > sale.last.at)
      world.violate('told an outcome after a later one');
    if (revision > sale.last.revision) sale.last = { revision, at: now };
    sale.told.push(outcome);
    world.told(this, sale, outcome);
    return outcome;
  }

  #toldOf(outcome: Outcome): Pick<Sale, 'heard' | 'acknowledged'> | undefined {
    const world = this.#world;
    return 'kind' in outcome ? world.refunding?.find(outcome.out_refund_no) : world.sale(outcome.out_trade_no);
  }

  #acknowledge(outcome: Outcome | undefined): void {
    const world = this.#world;
    if (outcome === undefined || outcome.status === 'processing') return;
    this.#toldOf(outcome)?.heard.add(outcome.revision ?? 0);
    if (world.step(this) || outcome.status === 'reversing' || world.random.chance(0.2)) return;
    const acknowledge = async () => {
      const record = await world.store.get('kind' in outcome ? 'refund' : 'payment', numberOf(outcome));
      const given = this.#mutation.acknowledged?.(outcome, record === undefined ? 0 : decidedAt(record)) ?? outcome;
      await this.processor.acknowledge(given);
    };
    const later = () =>
      void acknowledge().catch((error: unknown) => {
        if (!(error instanceof JournalError && world.hasJournalFaults)) world.violate(`acknowledge: ${error}`);
      });
    if (world.random.chance(0.5)) later();
    else this.clock.at(world.random.between(0, 400_000), later);
  }

  /** The handler of onOutcome: it may take its time, fail, or die. */
  async #handle(outcome: Outcome): Promise<void> {
    const { revision = 0 } = outcome;
    const number = numberOf(outcome);
    const world = this.#world;
    const { random } = world;
    const subject = this.#toldOf(outcome);
    if (this.#isHandling.has(number)) world.violate('two calls of the handler for one number at once');
    if (subject?.acknowledged.has(revision)) world.violate('told again what was acknowledged');
    if (this.#waitedFor.has(`${number} ${revision}`)) world.violate('told the handler what somebody waited for');
    this.#isHandling.add(number);
    try {
      if (this.#tell(outcome) === undefined) return never();
      if (random.chance(0.2)) await this.clock.sleep(random.between(0, 60_000));
      if (random.chance(0.15)) throw new Error('the printer is out of paper');
      if (world.step(this)) return never();
      subject?.heard.add(revision);
    } finally {
      this.#isHandling.delete(number);
    }
  }

  async #call<T>(journal: () => Promise<T>): Promise<T> {
    this.#calls += 1;
    try {
      return await journal();
    } finally {
      this.#calls -= 1;
    }
  }

  /** After every crash the journal opens, and has what was told durable. */
  async #open(): Promise<FileJournal> {
    const world = this.#world;
    let isOpen = false;
    const { files } = world.disk.process({ befalls: () => world.befalls(this, isOpen) });
    try {
      // The till's clock jumps by years: what expires by it would be missed here.
      const used = this.#mutation.files?.(files) ?? files;
      const file = await FileJournal.open('/till', { keep: Number.POSITIVE_INFINITY }, { files: used });
      await world.read(file);
      isOpen = true;
      return file;
    } catch (error) {
      world.violate(`the journal refused to open: ${error}`);
      this.die();
      return never();
    }
  }

  /** Dies before, in or after a write; writes fail, hang, and are stored all the same. */
  #journal(): Journal {
    const world = this.#world;
    const { store } = world;
    const write = async (record: JournalRecord, how: (file: FileJournal) => Promise<void>): Promise<void> => {
      if (world.step(this)) return never();
      if (record.state === 'paid') this.writingPaid.add(record.id);
      const fault = world.journalFault();
      if (fault === 'fails') throw new JournalError('the disk is full');
      if (fault === 'hangs') return world.hang(this, record.id);
      if (fault === 'is slow') await this.clock.sleep(world.random.between(0, 4 * world.journalTimeout));
      await this.#call(async () => how(await this.#file));
      world.stored(this, record, fault === undefined);
      if (fault === 'is stored, and fails') throw new JournalError('was it stored?');
      if (fault === 'is stored, and hangs') return world.hang(this, record.id);
      if (world.step(this)) return never();
      world.stand(this, 'written');
      return this.clock.awake();
    };
    return {
      create: (record) => {
        const gateway = world.network.gateway.time();
        if (record.kind === 'refund')
          return write(record, async (file) => {
            await file.create(record);
            await store.create(record);
          });
        const sale = world.sale(record.id);
        const [wall, monotonic] = [this.clock.wall(), this.clock.monotonic()];
        return write(record, async (file) => {
          sale.begun = { gateway, wall, monotonic, till: this };
          await file.create(record);
          await store.create(record);
          sale.created = { gateway, wall, monotonic, till: this };
        });
      },
      put: (record) =>
        write(record, async (file) => {
          await file.put(record);
          await store.put(record);
        }),
      get: async (kind, id) => {
        if (!this.isAlive) return never();
        const fault = world.journalFault();
        if (fault === 'fails') throw new JournalError('not readable');
        if (fault === 'hangs') return world.hang(this, id);
        return this.#call(async () => (await this.#file).get(kind, id));
      },
      list: (filter) => this.#list(filter),
      prune: async (before) => (await this.#file).prune(before),
      close: async () => (await this.#file).close(),
    };
  }

  async *#list(filter?: JournalFilter): AsyncGenerator<JournalRecord> {
    const records: JournalRecord[] = [];
    await this.#call(async () => {
      for await (const record of (await this.#file).list(filter)) records.push(record);
    });
    yield* records;
  }
}
