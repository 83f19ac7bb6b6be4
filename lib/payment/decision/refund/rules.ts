import { beijingTime, type Requested } from '../request-time.js';
import type { Facts, Phase } from '../states.js';
import type { RefundFacts, RefundPhase } from './states.js';

/*
 * Whether a sale may be refunded, and when (docs/facts.md#refunds). A refund is reserved in its sale's own record before
 * anything of it is sent, so that these rules hold for any number of callers, and of servers.
 */

const minute = 60_000;

/** The gateway's limit. */
export const mostRefunds = 50;

/** A refund as its sale's record knows it. */
export interface ReservedRefund {
  readonly out_refund_no: string;
  /** Fen. */
  readonly refund_fee: number;
  /** When it was reserved. Milliseconds since the epoch, by the clock of the machine that did. */
  readonly at: number;
  readonly phase: RefundPhase;
  readonly facts: RefundFacts;
  /** The revision of its own record at which that was decided; absent until there is one. */
  readonly decidedAt?: number;
  /** Found at the gateway: another program made it. */
  readonly elsewhere?: true;
}

/** Which rule a refund breaks. */
export type RefundRule = 'not-paid' | 'too-much' | 'too-many' | 'too-old' | 'given-up';

/** Of these nothing was given back, nor ever will be. Whatever is in front of a person may have been. */
export const isReleased = ({ phase }: Pick<ReservedRefund, 'phase'>): boolean =>
  phase === 'refused' || phase === 'failed';

/** What a sale's record says, as far as a refund is concerned. */
export interface RefundedSale {
  readonly phase: Phase;
  readonly facts: Facts;
  /** Fen. */
  readonly total_fee: number;
  readonly requested: Requested;
  readonly refunds: readonly ReservedRefund[];
}

const givenUp: ReadonlySet<Phase> = new Set(['reversing', 'reversed', 'cancelled']);

/** A year later, by the calendar of Beijing, which has no summer time. Milliseconds since the epoch. */
function yearAfter(time: number): number {
  const date = new Date(time);
  return date.setUTCFullYear(date.getUTCFullYear() + 1);
}

/** When it was paid, as far as it's known. Milliseconds since the epoch. */
const paidAt = ({ facts, requested }: RefundedSale): number =>
  beijingTime(facts.payment?.time_end ?? '') ?? requested.gateway ?? requested.wall;

/** @param now Milliseconds since the epoch, by the gateway's clock if it's known. @returns Undefined if no rule is broken. */
export function brokenRule(sale: RefundedSale, refund_fee: number, now: number): RefundRule | undefined {
  if (givenUp.has(sale.phase) || sale.facts.givenUp) return 'given-up';
  if (sale.phase !== 'paid') return 'not-paid';
  if (now > yearAfter(paidAt(sale))) return 'too-old';
  const others = sale.refunds.filter((each) => !isReleased(each));
  if (others.length >= mostRefunds) return 'too-many';
  const sum = others.reduce((fen, each) => fen + each.refund_fee, refund_fee);
  return sum > sale.total_fee ? 'too-much' : undefined;
}

/**
 * When each of a sale's refunds is first sent, since two of one order must be a minute apart: milliseconds since the epoch. A
 * clock that was set back makes no refund wait longer than a minute for each that was reserved before it.
 */
export function sendTimes(refunds: ReadonlyArray<Pick<ReservedRefund, 'at'>>): number[] {
  const times: number[] = [];
  for (const [index, { at }] of refunds.entries()) {
    const free = (times[index - 1] ?? Number.NEGATIVE_INFINITY) + minute;
    times.push(Math.max(at, Math.min(free, at + index * minute)));
  }
  return times;
}
