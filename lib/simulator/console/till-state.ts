import type { Difference } from '../../bill/difference.js';
import type { RefundOutcome } from '../../payment/decision/refund/outcomes.js';
import type { PaymentProgress } from '../../payment/progress.js';
import type { FacePayOutcome } from '../../terminal/face-pay.js';
import type { WrongCode } from '../../terminal/scanned-code.js';
import type { TillHealth } from '../../terminal/till.js';

/** What an error says of itself that is fit for a page: a code, and which rule it's about. */
export interface ReportedError {
  readonly code: string;
  readonly rule?: string;
  readonly parameter?: string;
  readonly sent?: boolean;
  readonly return_code?: string;
  readonly out_trade_no?: string;
  readonly out_refund_no?: string;
}

/** What the till was told of a sale or a refund, as plain JSON without a customer's data. */
export type ReportedOutcome = FacePayOutcome | RefundOutcome | ReportedError;

/** A step that the cashier saw, and since when (milliseconds since the epoch). */
export type Step = Pick<PaymentProgress, 'step' | 'attempt' | 'until' | 'trouble'> & { readonly at: number };

/** What the cashier does. */
export type Deed = 'sale' | 'reversal' | 'refund';

/** What is on the cashier's screen. Amounts in fen. */
export interface Display {
  readonly deed: Deed;
  readonly out_trade_no: string;
  readonly out_refund_no?: string;
  readonly fee: number;
  readonly steps: readonly Step[];
  /** What was wrong with the code that came from the scanner. */
  readonly wrong?: WrongCode;
  /** Absent while it goes on. */
  readonly told?: ReportedOutcome;
}

/** A sale of this till, and its refunds. */
export interface SoldEntry {
  readonly out_trade_no: string;
  readonly total_fee: number;
  /** The latest that was told of it. */
  readonly told?: ReportedOutcome;
  readonly refunds: ReadonlyArray<{
    readonly out_refund_no: string;
    readonly refund_fee: number;
    readonly told: ReportedOutcome;
  }>;
}

/** A day's bill against the till's journal. */
export interface DayReport {
  readonly bill_date: string;
  readonly differences: readonly Difference[];
  /** 'done': each fen is accounted for, but for the differences. */
  readonly state: 'running' | 'done' | ReportedError;
}

/** All that the page shows of the console's till. */
export interface TillState {
  /** Undefined until its first sale opens it. */
  readonly health: TillHealth | undefined;
  /** A number for the next sale. */
  readonly next: string;
  /** What goes on. */
  readonly running: Deed | undefined;
  /** What goes on would take a code from the scanner. */
  readonly scanning: boolean;
  readonly display: Display | undefined;
  readonly sold: readonly SoldEntry[];
  readonly day: DayReport | undefined;
}
