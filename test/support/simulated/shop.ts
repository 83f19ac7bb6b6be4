import { ClosedError } from '../../../lib/errors.js';
import { HostProcessError, ServiceCommandError } from '../../../lib/face/errors.js';
import { MemoryJournal } from '../../../lib/journal/memory-journal.js';
import type { PaymentClient } from '../../../lib/payment/client.js';
import type { PaymentOutcome } from '../../../lib/payment/decision/outcomes.js';
import type { Face } from '../../../lib/terminal/face.js';
import type { FacePayOutcome } from '../../../lib/terminal/face-pay.js';
import { openTill } from '../../../lib/terminal/open-till.js';
import type { decide } from '../../../lib/terminal/race.js';
import type { Till, TillPayOptions } from '../../../lib/terminal/till.js';
import { SimulatedClock } from './clock.js';
import { type Customer, faceCode, type Seen, SimulatedFace } from './face.js';
import { Random } from './random.js';
import { ShopClient } from './shop-client.js';

/*
 * One seed, one day of a shop: a cashier sells through openTill, with scans racing faces, customers who leave, cashiers who
 * abort, a service that fails, hangs and ignores stops, and tills that are closed in the middle and opened again. At the end
 * the gateway's book, the screens, the journal and what the cashier was told are held against each other.
 */

/** A deliberate mistake that the simulation must notice. */
export interface ShopMutation {
  readonly face?: (face: Face) => Partial<Face>;
  readonly client?: (client: PaymentClient) => Partial<PaymentClient>;
  readonly decide?: typeof decide;
  /** What the till is given instead of what the cashier meant. */
  readonly options?: (options: TillPayOptions) => TillPayOptions;
  readonly forgetsToAcknowledge?: boolean;
}

interface Sale {
  readonly out_trade_no: string;
  readonly scannedCode: string;
  readonly customerTimeout: number;
  hasScanner: boolean;
  /** By the clock. */
  begun: number;
  ended: number;
  abortedAt: number;
  closedAt: number;
  scannedAt: number;
  scannerFailedAt: number;
  outcome?: FacePayOutcome;
  error?: unknown;
  /** Each time that a final outcome was told to somebody. */
  readonly told: PaymentOutcome[];
}

const scannerTrouble = new Error('no scanner');
const terminal = { store_id: 'S1', store_name: 'shop', device_id: 'T1' };
const never = Number.POSITIVE_INFINITY;
/** Milliseconds that the end of a sale without a payment may take: the recognition, a screen, and a shared camera. */
const slack = 10_000;

class Shop {
  readonly violations: string[] = [];
  readonly #random: Random;
  readonly #clock = new SimulatedClock();
  readonly #journal = new MemoryJournal();
  readonly #face: SimulatedFace;
  readonly #client: ShopClient;
  readonly #sales = new Map<string, Sale>();
  readonly #mutation: ShopMutation;
  readonly #isShared: boolean;
  readonly #faults: number;
  #openedAt = 0;

  constructor(seed: number, mutation: ShopMutation) {
    const random = new Random(seed);
    this.#random = random;
    this.#mutation = mutation;
    const faults = random.chance(0.3) ? 0 : random.next();
    this.#faults = faults;
    this.#face = new SimulatedFace(this.#clock, random, faults, (what) => this.#violate(what));
    this.#client = new ShopClient(this.#clock, random, faults);
    this.#isShared = random.chance(0.2);
    this.#face.customerOf = () => ({
      does: random.weighted<Customer>([
        ['shows the face', 6],
        ['leaves', 1],
        ['wants to scan', 2],
        ['does nothing', 3],
      ]),
      after: random.between(0, random.chance(0.7) ? 8_000 : 100_000),
    });
  }

  async run(): Promise<void> {
    let isOver = false;
    const day = this.#day().then(() => {
      isOver = true;
    });
    await this.#clock.run(() => isOver, 12 * 3_600_000);
    if (!isOver) return this.#violate('the day did not end');
    await day;
    for (const sale of this.#sales.values()) await this.#check(sale);
    this.#checkScreens();
  }

  #violate(what: string): void {
    if (!this.violations.includes(what)) this.violations.push(what);
  }

  async #open(): Promise<Till> {
    const { face = () => ({}), client = () => ({}), decide } = this.#mutation;
    const service = this.#face;
    const changed = (part: object, change: object) =>
      new Proxy(part, {
        get: (target, name) => {
          const value: unknown = Reflect.get(change, name) ?? Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    const options = {
      merchant: changed(this.#client, client(this.#client)),
      journal: this.#journal,
      terminal,
      camera: this.#isShared ? 'shared' : 'dedicated',
      reversal: { backoff: { jitter: 0 } },
      onOutcome: (outcome: PaymentOutcome) => void this.#sales.get(outcome.out_trade_no)?.told.push(outcome),
    };
    const internals = {
      clock: this.#clock,
      openFace: async () => connectionTo(changed(service, face(service))),
      ...(decide && { decide }),
    };
    const till: Till = await Reflect.apply(openTill, undefined, [options, internals]);
    this.#openedAt = this.#clock.monotonic();
    return till;
  }

  async #day(): Promise<void> {
    const random = this.#random;
    let till = await this.#open();
    for (let number = 1; number <= random.between(2, 8); number += 1) {
      this.#rest();
      if (random.chance(0.6)) await this.#clock.sleep(random.between(0, 200_000));
      if (random.chance(0.1)) this.#face.restart();
      this.#face.idleSince = never;
      const sale = this.#newSale(`A${number}`);
      const selling = this.#sell(till, sale);
      if (random.chance(0.2)) {
        await this.#clock.sleep(random.between(0, 60_000));
        sale.closedAt = this.#clock.monotonic();
        await till.close();
        await selling;
        till = await this.#open();
      } else await selling;
    }
    this.#rest();
    // Whatever goes on in the background.
    await this.#clock.sleep(20 * 60_000);
    const { unfinished } = till.health;
    let left = 0;
    for await (const record of this.#journal.list({ finished: false })) left += record.finished ? 0 : 1;
    if (unfinished !== left) this.#violate(`health has ${unfinished} unfinished, the journal ${left}`);
    await till.close();
  }

  /** There is no sale. What was begun at the start may take its time. */
  #rest(): void {
    this.#face.idleSince = Math.max(this.#clock.monotonic(), this.#openedAt + 70_000);
  }

  #newSale(out_trade_no: string): Sale {
    const random = this.#random;
    const sale: Sale = {
      out_trade_no,
      scannedCode: `13${String(this.#sales.size).padStart(16, '0')}`,
      customerTimeout: random.chance(0.5) ? 90_000 : random.between(1_000, 60_000),
      hasScanner: false,
      begun: this.#clock.monotonic(),
      ended: never,
      abortedAt: never,
      closedAt: never,
      scannedAt: never,
      scannerFailedAt: never,
      told: [],
    };
    this.#sales.set(out_trade_no, sale);
    return sale;
  }

  async #sell(till: Till, sale: Sale): Promise<void> {
    const random = this.#random;
    const order = { out_trade_no: sale.out_trade_no, total_fee: random.between(1, 10_000), body: 'tea' };
    const { options = (same: TillPayOptions) => same } = this.#mutation;
    const cashier = new AbortController();
    if (random.chance(0.15))
      this.#clock.at(random.between(0, 60_000), () => {
        if (sale.ended !== never) return;
        sale.abortedAt = this.#clock.monotonic();
        cashier.abort();
      });
    const { signal } = cashier;
    try {
      if (random.chance(0.1)) {
        sale.scannedAt = this.#clock.monotonic();
        sale.outcome = await till.payByCode(order, `${sale.scannedCode}\r\n`, { signal });
      } else {
        const { customerTimeout } = sale;
        const given = { signal, customerTimeout, ...this.#scanner(sale) };
        sale.outcome = await till.pay(order, options(given));
      }
    } catch (error) {
      sale.error = error;
    }
    sale.ended = this.#clock.monotonic();
    if (sale.outcome === undefined || sale.outcome.status === 'scan' || sale.outcome.status === 'reversing') return;
    sale.told.push(sale.outcome);
    if (this.#mutation.forgetsToAcknowledge !== true) await till.acknowledge(sale.outcome).catch(() => undefined);
  }

  /** What a scanner reads, one thing after the other. */
  #scanner(sale: Sale): Pick<TillPayOptions, 'scan'> {
    const random = this.#random;
    if (random.chance(0.25)) return {};
    sale.hasScanner = true;
    type Reading = 'code' | 'other wallet' | 'nonsense' | 'trouble' | 'nothing';
    return {
      scan: async (signal) => {
        const reading = random.weighted<Reading>([
          ['code', 5],
          ['other wallet', 1],
          ['nonsense', 1],
          ['trouble', 1],
          ['nothing', 3],
        ]);
        if (reading === 'nothing') return new Promise(() => undefined);
        // Some scanners don't hear of the end.
        await this.#clock.sleep(
          random.between(0, random.chance(0.7) ? 8_000 : 60_000),
          random.chance(0.5) ? signal : undefined,
        );
        if (reading === 'other wallet') return '28763443825664394';
        if (reading === 'nonsense') return 'wxp://f2f0';
        if (reading === 'trouble') {
          sale.scannerFailedAt = Math.min(sale.scannerFailedAt, this.#clock.monotonic());
          throw scannerTrouble;
        }
        sale.scannedAt = Math.min(sale.scannedAt, this.#clock.monotonic());
        return sale.scannedCode;
      },
    };
  }

  #seenOf({ out_trade_no }: Sale): Seen[] {
    return this.#face.seen.filter((seen) => seen.out_trade_no === out_trade_no);
  }

  async #check(sale: Sale): Promise<void> {
    const {
      out_trade_no: no,
      outcome,
      error,
      begun,
      ended,
      abortedAt,
      closedAt,
      scannedAt,
      customerTimeout,
      told,
    } = sale;
    const booked = this.#client.book.get(no);
    const seen = this.#seenOf(sale);
    const facedAt = Math.min(never, ...seen.map(({ at }) => at));
    if (seen.some(({ endedAt, isStopped }) => endedAt > ended && !isStopped))
      this.#violate('a recognition went on after its sale, and nobody had stopped it');
    const firstAt = Math.min(scannedAt, facedAt);
    if (ended === never) this.#violate('a sale did not end');
    if (booked !== undefined && booked.codes.length > 1) this.#violate('one order had two payments');
    const [code] = booked?.codes ?? [];
    if (code !== undefined && scannedAt !== facedAt && code !== (scannedAt < facedAt ? sale.scannedCode : faceCode))
      this.#violate('the second code was paid');
    const givenUpAt = Math.min(abortedAt, begun + customerTimeout);
    if (code !== undefined && givenUpAt < firstAt) this.#violate('a sale was paid after it had been given up');
    if (
      outcome?.status === 'cancelled' &&
      outcome.by === 'timeout' &&
      firstAt < begun + customerTimeout &&
      closedAt === never
    )
      this.#violate('a sale with a code was cut off');
    // A release, an initialisation, what was left of the last sale, and the credential.
    if (this.#faults === 0 && code === undefined && seen.length === 0 && ended - begun > 30_000)
      this.#violate('the camera did not look');
    if (outcome?.status === 'scan' && sale.hasScanner) this.#violate('nobody waited for the scanner');
    if (code === undefined && firstAt === never && ended - Math.min(givenUpAt, closedAt) > slack)
      this.#violate('a sale without a code went on');
    if (error !== undefined) this.#checkError(sale);
    if (outcome?.status === 'paid' && booked?.charged !== booked?.total_fee) this.#violate('paid without money');
    if (outcome !== undefined && outcome.status !== 'paid' && (booked?.charged ?? 0) > 0)
      this.#violate('money without paid');
    const record = await this.#journal.get('payment', no);
    const finals = told.filter(({ revision }) => revision !== undefined);
    if (record !== undefined && finals.length !== 1) this.#violate(`an outcome was told ${finals.length} times`);
    if (outcome === undefined && error === undefined) this.#violate('a sale told nothing');
  }

  #checkError(sale: Sale): void {
    const { error, closedAt, hasScanner, scannerFailedAt } = sale;
    const isOfClosing = error instanceof ClosedError && closedAt !== never;
    const isOfCamera = error instanceof ServiceCommandError || error instanceof HostProcessError;
    if (isOfCamera && hasScanner && scannerFailedAt === never) this.#violate('nobody waited for the scanner');
    if (!isOfClosing && !isOfCamera && error !== scannerTrouble) this.#violate(`a sale threw ${error}`);
  }

  #checkScreens(): void {
    for (const { isCode, told, isCleared, out_trade_no } of this.#face.seen) {
      if (!isCode || isCleared) continue;
      if (told.length !== 1) this.#violate(`a screen was told ${told.length} times`);
      const isPaid = this.#sales.get(out_trade_no)?.outcome?.status === 'paid';
      if (told[0] !== (isPaid ? 'SUCCESS' : 'ERROR')) this.#violate('a screen was told another result');
    }
  }
}

/** One opening of the service: what is asked for after its end does not reach it. */
function connectionTo(service: object): object {
  let isClosed = false;
  return new Proxy(service, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function' || name === 'forgetInit') return value;
      return async (...given: unknown[]): Promise<unknown> => {
        if (isClosed) throw new ClosedError('the face service');
        isClosed = name === 'close';
        return Reflect.apply(value, target, given);
      };
    },
  });
}

/** What was wrong in the shop of this seed. */
export async function sellThroughTill(seed: number, mutation: ShopMutation = {}): Promise<string[]> {
  const shop = new Shop(seed, mutation);
  const { emitWarning } = process;
  // Scanners that fail are a part of it.
  process.emitWarning = () => undefined;
  try {
    await shop.run();
  } finally {
    process.emitWarning = emitWarning;
  }
  return shop.violations;
}
