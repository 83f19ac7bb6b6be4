import type { FailureCode, Trouble } from '../outcomes.js';
import type { RefundState } from './states.js';

/**
 * Why a person must look at a refund. 'by-hand': the gateway can't give the money back (CHANGE, USER_ACCOUNT_ABNORMAL), or
 * says something that only a person can read (ERROR). 'not-ours': the number shows another amount, sale or merchant.
 * 'refused': the gateway refuses our key or merchant, or answers every request with a code that nobody has listed; whether
 * it was made may be unknown. 'certificate': it refuses the certificate, or there is none. (refund() of the same number takes
 * both up again.) 'unreadable', 'other-merchant': a record of another version or merchant.
 */
export type RefundAttentionCode = 'by-hand' | 'not-ours' | 'refused' | 'certificate' | 'unreadable' | 'other-merchant';

/** Which refund it is. */
export interface RefundIdentity {
  readonly out_trade_no: string;
  readonly out_refund_no: string;
  /** Fen. */
  readonly refund_fee: number;
}

/**
 * How a refund ended, or stands. Plain JSON, so that it can cross from a merchant server to a terminal. Amounts in fen.
 *
 * `revision`: the record's revision at which this outcome was decided (an acknowledgement doesn't change it); of two outcomes
 * of one number the higher counts.
 */
export type RefundOutcome = {
  kind: 'refund';
  revision?: number;
  out_trade_no: string;
  out_refund_no: string;
  /** Fen. */
  refund_fee: number;
} & (
  | {
      status: 'refunded';
      /** The vendor's number of the refund. */
      refund_id: string;
      /** yyyy-MM-dd HH:mm:ss, China Standard Time. */
      time?: string;
      /** Where the money went, in the vendor's words. */
      to?: string;
    }
  /** Goes on in the background and after a restart; `accepted`: the gateway has taken it. */
  | { status: 'processing'; accepted: boolean; trouble?: Trouble }
  /** A verified no, confirmed by a query: nothing was given back. Ask again with a new number. */
  | { status: 'refused'; err_code: string; err_code_des?: string }
  /** Nothing reached the gateway. */
  | { status: 'failed'; code: FailureCode; reason: string }
  /** A person must look, and why. */
  | { status: 'attention'; code: RefundAttentionCode; reason: string }
);

/**
 * What a caller is told of a state; undefined if a final one lacks what it is about.
 * @param revision The record's revision at which this phase was decided; none before it has a record.
 * @param trouble What keeps it from its end, as far as it is known.
 */
export function refundOutcomeOf(
  { out_trade_no, out_refund_no, refund_fee }: RefundIdentity,
  { phase, facts }: Pick<RefundState, 'phase' | 'facts'>,
  revision: number | undefined,
  trouble?: Trouble,
): RefundOutcome | undefined {
  const known = {
    kind: 'refund' as const,
    out_trade_no,
    out_refund_no,
    refund_fee,
    ...(revision !== undefined && { revision }),
  };
  const { givenBack, decline, failure, attention, reason = '' } = facts;
  switch (phase) {
    case 'refunded':
      return givenBack && { status: phase, ...known, ...givenBack };
    case 'refused': {
      if (decline === undefined) return undefined;
      const { byHand: _, ...no } = decline;
      return { status: phase, ...known, ...no };
    }
    case 'failed':
      return failure && { status: phase, ...known, code: failure, reason };
    case 'attention':
      return attention && { status: phase, ...known, code: attention, reason };
    default:
      return {
        status: 'processing',
        ...known,
        accepted: phase === 'accepted',
        ...(trouble !== undefined && { trouble }),
      };
  }
}
