import { type Day, isIn } from './day.js';

/* What a day's bill and the journal say of one sale or refund, and whether they agree. Nothing is read or waited for here. */

/** How bill and journal can differ. */
export type DifferenceKind =
  /** The customer was charged, but the till was not told that it's paid. */
  | 'charged-not-told-paid'
  /** Told paid, but the bill doesn't have it, or shows it reversed. */
  | 'paid-not-in-bill'
  /** The bill has another amount. */
  | 'amount'
  /** Told reversed, but the bill shows the charge and no reversal. */
  | 'reversed-still-charged'
  /** Told reversed on that day, but the bill doesn't have it. */
  | 'reversal-not-in-bill'
  /** The gateway took the refund, but the bill doesn't have it, or shows it failed. */
  | 'refund-not-in-bill'
  /** A refund that this journal did not make, or that was told refused. */
  | 'refund-unknown-here'
  /** The bill has another amount of the refund. */
  | 'refund-amount'
  /** Not this journal's sale. */
  | 'unknown-here'
  /** A payment, or a refund, that is not yet at its end. */
  | 'undecided';

/** A difference between a day's bill and the journal. Plain JSON. */
export interface Difference {
  kind: DifferenceKind;
  out_trade_no: string;
  /** Of a refund. */
  out_refund_no?: string;
  /** The vendor's number of the sale, if it's known. */
  transaction_id?: string;
  /** Fen by the journal, of the sale or the refund; 0 if it was told that nothing is charged. Absent if it's not known. */
  here?: number;
  /** Fen by the bill; 0 if it doesn't have it. */
  there?: number;
  /**
   * The record's state. The bill's trade_state of what this journal doesn't know; REVOKED of what was told paid and the bill
   * shows reversed, FAIL of a refund that the bill shows failed.
   */
  state?: string;
}

/** A difference without what names sale and refund. `state` only if it's not the record's. */
export type Mismatch = Pick<Difference, 'kind' | 'here' | 'there' | 'state'>;

/** A sale as the journal knows it. Fen; milliseconds since the epoch. */
export interface KnownSale {
  /** What the till was told. 'open': nothing yet that stands. */
  readonly told: 'paid' | 'not-paid' | 'reversed' | 'attention' | 'open';
  readonly total_fee?: number;
  /** The gateway once said, verified, that it was charged. */
  readonly isCharged: boolean;
  /** It was decided to reverse it, whatever was told in the end. */
  readonly isGivenUp: boolean;
  /** When it was charged; if that isn't known, requested. */
  readonly at: number;
  /** When the record's state was decided. */
  readonly decidedAt: number;
  /** When its reversal was begun, if it was: between this and `decidedAt` the gateway has reversed it. */
  readonly reversedSince?: number;
}

/** What a bill's rows say of a sale, added up. Fen. */
export interface BilledSale {
  readonly charged: number;
  /** It has the row of a reversal, which is always whole: bills have its amount in one column or another, or in none. */
  readonly isRevoked: boolean;
  /** Given back by refunds that the journal doesn't know: they are told on their own. */
  readonly refundedElsewhere: number;
}
export const noSale: BilledSale = { charged: 0, isRevoked: false, refundedElsewhere: 0 };

/** What the customer was charged and did not get back, as far as this bill goes. */
const kept = ({ charged, isRevoked, refundedElsewhere }: BilledSale): number =>
  isRevoked ? 0 : Math.max(0, charged - refundedElsewhere);
const isBilled = ({ charged, isRevoked }: BilledSale): boolean => charged > 0 || isRevoked;

type SaleGuard = (sale: KnownSale, billed: BilledSale, day: Day) => boolean;

/** Conditions of the next table, by the words that it uses. */
const saleGuards = {
  'in the bill, or of this day': ({ at }, billed, day) => isBilled(billed) || isIn(at, day),
  'in the bill as reversed': (_sale, { isRevoked }) => isRevoked,
  'in the bill with another amount': ({ total_fee }, { charged }) => charged > 0 && charged !== total_fee,
  'not in the bill, charged on this day': ({ isCharged, at }, billed, day) =>
    !isBilled(billed) && isCharged && isIn(at, day),
  // One that went on over midnight is in either day's bill: this one alone doesn't say that it lacks it.
  'not in the bill, reversed on this day': ({ isCharged, decidedAt, reversedSince = decidedAt }, billed, day) =>
    !isBilled(billed) && isCharged && isIn(reversedSince, day) && isIn(decidedAt, day),
  'charged in the bill': (_sale, billed) => kept(billed) > 0,
  // Of a reversal on a later day its bill has the row, which is found by its number.
  'charged in the bill, not reversed on a later day': ({ isGivenUp, decidedAt }, billed, day) =>
    kept(billed) > 0 && !(isGivenUp && decidedAt >= day.to),
} as const satisfies Record<string, SaleGuard>;

interface Row<Known, When> {
  readonly told: Known;
  readonly when: When;
  readonly kind: DifferenceKind;
  /** What the bill says, if that's the point. */
  readonly state?: string;
}

/** Of the rows for what was told, the first whose condition holds. What no row names agrees. */
const saleRows: ReadonlyArray<Row<KnownSale['told'], keyof typeof saleGuards>> = [
  { told: 'paid', when: 'in the bill as reversed', kind: 'paid-not-in-bill', state: 'REVOKED' },
  { told: 'paid', when: 'in the bill with another amount', kind: 'amount' },
  { told: 'paid', when: 'not in the bill, charged on this day', kind: 'paid-not-in-bill' },
  { told: 'not-paid', when: 'charged in the bill, not reversed on a later day', kind: 'charged-not-told-paid' },
  { told: 'reversed', when: 'charged in the bill, not reversed on a later day', kind: 'reversed-still-charged' },
  { told: 'reversed', when: 'not in the bill, reversed on this day', kind: 'reversal-not-in-bill' },
  { told: 'attention', when: 'charged in the bill', kind: 'charged-not-told-paid' },
  { told: 'attention', when: 'not in the bill, charged on this day', kind: 'paid-not-in-bill' },
  { told: 'open', when: 'in the bill, or of this day', kind: 'undecided' },
];

/** By these the till was told that nothing is charged. */
const toldNothing: ReadonlySet<DifferenceKind> = new Set(['charged-not-told-paid', 'reversed-still-charged']);

/** Whether a sale differs, and how; undefined if it agrees. */
export function judgeSale(sale: KnownSale, billed: BilledSale, day: Day): Mismatch | undefined {
  const row = saleRows.find(({ told, when }) => told === sale.told && saleGuards[when](sale, billed, day));
  if (row === undefined) return undefined;
  const { kind, state } = row;
  const here = toldNothing.has(kind) ? 0 : sale.total_fee;
  const there = kind === 'amount' ? billed.charged : kept(billed);
  return { kind, ...(here !== undefined && { here }), there, ...(state !== undefined && { state }) };
}

/** A refund as the journal knows it. Fen; milliseconds since the epoch. */
export interface KnownRefund {
  /**
   * 'accepted': the gateway took it. 'refused': nothing was given back. 'attention': a person looks. 'open': whether the
   * gateway took it is not known.
   */
  readonly told: 'refunded' | 'accepted' | 'refused' | 'attention' | 'open';
  readonly refund_fee: number;
  /** When it was first sent. */
  readonly at: number;
  /** When the gateway was first seen to have it, if that is known. */
  readonly takenBy?: number;
}

/** A bill's row of a refund. */
export interface BilledRefund {
  /** Fen. */
  readonly refund_fee: number;
  /** Closed by the gateway: nothing was given back. */
  readonly isFailed: boolean;
}

type RefundGuard = (refund: KnownRefund, billed: BilledRefund | undefined, day: Day) => boolean;

const refundGuards = {
  'in the bill, or of this day': ({ at }, billed, day) => billed !== undefined || isIn(at, day),
  'in the bill, not as failed': (_refund, billed) => billed?.isFailed === false,
  'in the bill with another amount': ({ refund_fee }, billed) =>
    billed !== undefined && billed.refund_fee !== refund_fee,
  'in the bill as failed': (_refund, billed) => billed?.isFailed === true,
  'not in the bill, of this day': ({ at }, billed, day) => billed === undefined && isIn(at, day),
} as const satisfies Record<string, RefundGuard>;

const refundRows: ReadonlyArray<Row<KnownRefund['told'], keyof typeof refundGuards>> = [
  { told: 'refunded', when: 'in the bill with another amount', kind: 'refund-amount' },
  { told: 'refunded', when: 'in the bill as failed', kind: 'refund-not-in-bill', state: 'FAIL' },
  { told: 'refunded', when: 'not in the bill, of this day', kind: 'refund-not-in-bill' },
  { told: 'accepted', when: 'in the bill with another amount', kind: 'refund-amount' },
  { told: 'accepted', when: 'in the bill as failed', kind: 'undecided', state: 'FAIL' },
  { told: 'accepted', when: 'not in the bill, of this day', kind: 'refund-not-in-bill' },
  { told: 'refused', when: 'in the bill, not as failed', kind: 'refund-unknown-here' },
  { told: 'attention', when: 'in the bill with another amount', kind: 'refund-amount' },
  { told: 'open', when: 'in the bill, or of this day', kind: 'undecided' },
];

/** Whether a refund differs, and how; undefined if it agrees. */
export function judgeRefund(refund: KnownRefund, billed: BilledRefund | undefined, day: Day): Mismatch | undefined {
  const row = refundRows.find(({ told, when }) => told === refund.told && refundGuards[when](refund, billed, day));
  if (row === undefined) return undefined;
  const here = refund.told === 'refused' ? 0 : refund.refund_fee;
  const there = billed === undefined || billed.isFailed ? 0 : billed.refund_fee;
  const { kind, state } = row;
  return { kind, here, there, ...(state !== undefined && { state }) };
}
