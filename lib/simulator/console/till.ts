import { onAbort } from '../../abort.js';
import type { Difference } from '../../bill/difference.js';
import { WxpayFaceError } from '../../errors.js';
import { MemoryJournal } from '../../journal/memory-journal.js';
import type { PayClientOptions } from '../../pay/options.js';
import type { RefundOutcome } from '../../payment/decision/refund/outcomes.js';
import type { Order } from '../../payment/order.js';
import type { PaymentProgress, PayOptions } from '../../payment/progress.js';
import type { FacePayOutcome } from '../../terminal/face-pay.js';
import { openTill } from '../../terminal/open-till.js';
import type { Till, TillHealth } from '../../terminal/till.js';
import { dayOf } from '../beijing.js';
import type {
  DayReport,
  Deed,
  Display,
  ReportedError,
  ReportedOutcome,
  SoldEntry,
  Step,
  TillState,
} from './till-state.js';

interface ConsoleTillOptions {
  readonly client: PayClientOptions;
  /** Of the stub. */
  readonly library: string;
  /** Something of the state changed. */
  readonly changed: () => void;
}

type Sale = Pick<Order, 'out_trade_no' | 'total_fee' | 'body'>;

const terminal = { store_id: 'SZTX001', store_name: '腾大餐厅', device_id: 'CONSOLE' };

/** How many sales of a long session the page shows. */
const newest = 100;

/** What errors say that isn't for logs alone. */
const toldOfErrors = ['rule', 'parameter', 'sent', 'return_code', 'out_trade_no', 'out_refund_no'] as const;

function toldOf(error: unknown): ReportedError {
  if (!(error instanceof WxpayFaceError)) return { code: 'ERR_UNKNOWN' };
  const said = toldOfErrors.flatMap((name) => {
    const value: unknown = Reflect.get(error, name);
    return typeof value === 'string' || typeof value === 'boolean' ? [[name, value] as const] : [];
  });
  return { code: error.code, ...Object.fromEntries(said) };
}

/** Without who the customer is: the gateway's answer says so, too. */
const withoutCustomer = (outcome: FacePayOutcome | RefundOutcome): ReportedOutcome =>
  outcome.status === 'paid' ? { ...outcome, openid: '', response: {} } : outcome;

const isRefund = (outcome: object): outcome is RefundOutcome => 'kind' in outcome;

/** What goes on in the background, and is heard of again. */
const isUnderWay = ({ status }: FacePayOutcome | RefundOutcome): boolean =>
  status === 'reversing' || status === 'processing';

/**
 * The till behind the console's page: a cashier's program by itself, made by openTill, with the real addon and the stub
 * library. It does one thing at a time. It's opened when it first has something to do, so that a simulator whose page nobody
 * uses loads no library.
 */
export class ConsoleTill {
  readonly #options: ConsoleTillOptions;
  readonly #sold = new Map<string, SoldEntry>();
  #opening: Promise<Till> | undefined;
  #health: TillHealth | undefined;
  #serial = 1;
  #running: { readonly deed: Deed; readonly abort: AbortController; giveCode?: (code: string) => void } | undefined;
  #display: Display | undefined;
  #day: DayReport | undefined;
  #closed = false;

  constructor(options: ConsoleTillOptions) {
    this.#options = options;
  }

  get state(): TillState {
    return {
      health: this.#health,
      next: this.#next,
      running: this.#running?.deed,
      scanning: this.#running?.giveCode !== undefined,
      display: this.#display,
      sold: [...this.#sold.values()].filter(({ told }) => told !== undefined).slice(-newest),
      day: this.#day,
    };
  }

  get #next(): string {
    return `SIM${dayOf(Date.now())}-${String(this.#serial).padStart(4, '0')}`;
  }

  /** By face, or by what the scanner reads meanwhile. False while something else goes on, as everywhere here. */
  pay(sale: Sale): boolean {
    return this.#sell(sale, (till, options) =>
      till.pay(sale, { ...options, scan: (signal, wrong) => this.#nextCode(signal, wrong) }),
    );
  }

  /** The scanner reads a code: the sale that waits for one takes it; if nothing goes on, it begins a sale. */
  scan(code: string, sale: Sale): boolean {
    if (!this.#running) return this.#sell(sale, (till, options) => till.payByCode(sale, code, options));
    const { giveCode } = this.#running;
    giveCode?.(code);
    return giveCode !== undefined;
  }

  /** The cashier gives the sale up. False if none goes on. */
  abort(): boolean {
    if (this.#running?.deed !== 'sale') return false;
    this.#running.abort.abort();
    return true;
  }

  /** Takes a whole sale of this till back. */
  cancel(out_trade_no: string): boolean {
    const sold = this.#sold.get(out_trade_no);
    if (!sold) return false;
    return this.#do({ deed: 'reversal', out_trade_no, fee: sold.total_fee }, (till) => till.cancel(out_trade_no));
  }

  /** Gives a part of a sale of this till back, or all. */
  refund(out_trade_no: string, refund_fee: number): boolean {
    const sold = this.#sold.get(out_trade_no);
    if (!sold) return false;
    const out_refund_no = `R${sold.refunds.length + 1}-${out_trade_no}`;
    return this.#do({ deed: 'refund', out_trade_no, out_refund_no, fee: refund_fee }, (till) =>
      till.refund(out_trade_no, { out_refund_no, refund_fee }),
    );
  }

  /** A day's bill (yyyyMMdd) against the till's journal. */
  reconcile(bill_date: string): boolean {
    if (this.#day?.state === 'running' || this.#closed) return false;
    const differences: Difference[] = [];
    const show = (state: DayReport['state']): void => {
      this.#day = { bill_date, differences, state };
      this.#options.changed();
    };
    const compare = async (): Promise<void> => {
      const till = await this.#open();
      for await (const difference of till.reconcile(bill_date)) differences.push(difference);
    };
    show('running');
    compare().then(
      () => show('done'),
      (error: unknown) => show(toldOf(error)),
    );
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.abort();
    const till = await this.#opening?.catch(() => undefined);
    await till?.close();
  }

  /** One that could not be opened is opened again the next time. */
  #open(): Promise<Till> {
    const { client, library, changed } = this.#options;
    this.#opening ??= openTill({
      face: { library },
      terminal,
      // Another till may use the same simulated service: it has the camera between two sales.
      camera: 'shared',
      merchant: client,
      journal: new MemoryJournal(),
      onOutcome: (outcome) => this.#hear(outcome),
      onHealth: (health) => {
        this.#health = health;
        changed();
      },
    }).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  #sell(sale: Sale, pay: (till: Till, options: PayOptions) => Promise<FacePayOutcome>): boolean {
    const { out_trade_no, total_fee } = sale;
    const isNext = out_trade_no === this.#next;
    const begun = this.#do({ deed: 'sale', out_trade_no, fee: total_fee }, pay);
    if (!begun) return false;
    if (isNext) this.#serial += 1;
    if (!this.#sold.has(out_trade_no)) this.#sold.set(out_trade_no, { out_trade_no, total_fee, refunds: [] });
    return true;
  }

  /** Shows what was begun on the cashier's screen, and what came of it. */
  #do(
    begun: Omit<Display, 'steps'>,
    act: (till: Till, options: PayOptions) => Promise<FacePayOutcome | RefundOutcome>,
  ): boolean {
    if (this.#running || this.#closed) return false;
    const abort = new AbortController();
    this.#running = { deed: begun.deed, abort };
    this.#show({ ...begun, steps: [] });
    const run = async (): Promise<void> => {
      const till = await this.#open();
      const outcome = await act(till, { signal: abort.signal, onProgress: (progress) => this.#step(progress) });
      this.#hear(outcome);
      if (outcome.status !== 'scan' && !isUnderWay(outcome)) await till.acknowledge(outcome);
    };
    run()
      .catch((error: unknown) => this.#show({ ...begun, steps: this.#display?.steps ?? [], told: toldOf(error) }))
      .finally(() => {
        this.#running = undefined;
        this.#options.changed();
      });
    return true;
  }

  #show(display: Display): void {
    this.#display = display;
    this.#options.changed();
  }

  #step({ step, attempt, until, trouble }: PaymentProgress): void {
    if (!this.#display) return;
    const { steps } = this.#display;
    const last = steps.at(-1);
    // Queries and reversals repeat: the cashier sees one step that takes its time.
    const before = last?.step === step ? steps.slice(0, -1) : steps;
    const at = last?.step === step ? last.at : Date.now();
    const now: Step = {
      step,
      at,
      ...(attempt !== undefined && { attempt }),
      ...(until !== undefined && { until }),
      ...(trouble !== undefined && { trouble }),
    };
    this.#show({ ...this.#display, steps: [...before, now] });
  }

  #nextCode(signal: AbortSignal, wrong: Display['wrong']): Promise<string> {
    return new Promise((resolve, reject) => {
      const [running, display] = [this.#running, this.#display];
      if (!running || !display || signal.aborted) return reject(signal.reason);
      const { wrong: before, ...shown } = display;
      const done = (): void => {
        delete running.giveCode;
      };
      onAbort(signal, () => {
        done();
        reject(signal.reason);
      });
      running.giveCode = (code) => {
        done();
        resolve(code);
      };
      this.#show({ ...shown, ...(wrong && { wrong }) });
    });
  }

  /** What became of a sale or a refund: now, or later, if it went on in the background. */
  #hear(outcome: FacePayOutcome | RefundOutcome): void {
    const told = withoutCustomer(outcome);
    const { out_trade_no } = outcome;
    const out_refund_no = isRefund(outcome) ? outcome.out_refund_no : undefined;
    const sold = this.#sold.get(out_trade_no);
    if (sold && isRefund(outcome)) {
      const { refund_fee } = outcome;
      const refunds = sold.refunds.filter((refund) => refund.out_refund_no !== out_refund_no);
      const refund = { out_refund_no: outcome.out_refund_no, refund_fee, told };
      this.#sold.set(out_trade_no, { ...sold, refunds: [...refunds, refund] });
    } else if (sold) this.#sold.set(out_trade_no, { ...sold, told });
    const display = this.#display;
    if (display?.out_trade_no === out_trade_no && display.out_refund_no === out_refund_no)
      this.#show({ ...display, told });
    else this.#options.changed();
  }
}
