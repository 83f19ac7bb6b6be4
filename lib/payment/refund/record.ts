import type { JournalRecord } from '../../journal/journal.js';
import { refundOutcomeOf } from '../decision/refund/outcomes.js';
import { finalPhases, type RefundFacts, type RefundPhase } from '../decision/refund/states.js';
import type { Requested } from '../decision/request-time.js';
import { isMerchant, type RecordedMerchant } from '../record.js';
import { type Fields, isFields, isOptional, isString, isWhole } from '../shapes.js';
import { isRefundFacts, isRefundPhase } from './reserved.js';

/* What this package keeps of a refund in a record's `data`. */

/** What the journal keeps of a refund beside its state: what is sent, always the same. */
export interface StoredRefund {
  readonly out_trade_no: string;
  /** Fen, of the whole sale. */
  readonly total_fee: number;
  /** Fen. */
  readonly refund_fee: number;
  readonly refund_desc?: string;
  readonly refund_account?: string;
  readonly notify_url?: string;
  readonly merchant: RecordedMerchant;
  /**
   * `wall`: when it is first sent, by the clock of the machine that reserved it, milliseconds since the epoch. `run`: the run
   * of the program that did.
   */
  readonly requested: Pick<Requested, 'wall' | 'run'>;
}

/** A refund as its record tells it. */
export interface KnownRefund {
  readonly stored: StoredRefund;
  readonly phase: RefundPhase;
  readonly facts: RefundFacts;
  /** The record's revision at which this phase was decided. */
  readonly decidedAt: number;
}

export function refundRecord(
  out_refund_no: string,
  revision: number,
  updatedAt: number,
  { stored, phase, facts, decidedAt }: KnownRefund,
): JournalRecord {
  return {
    schema: 1,
    kind: 'refund',
    id: out_refund_no,
    revision,
    state: phase,
    finished: finalPhases.has(phase),
    acknowledged: false,
    updatedAt,
    data: { ...stored, decidedAt, facts },
  };
}

const isStored = (value: Fields): value is Fields & StoredRefund =>
  isString(value.out_trade_no) &&
  isWhole(value.total_fee) &&
  isWhole(value.refund_fee) &&
  [value.refund_desc, value.refund_account, value.notify_url].every((text) => isOptional(text, isString)) &&
  isMerchant(value.merchant) &&
  isFields(value.requested) &&
  isWhole(value.requested.wall) &&
  isString(value.requested.run);

/** Reads what refundRecord wrote; undefined if it can't have been written by this version. */
export function knownRefund({ id, state, data, revision }: JournalRecord): KnownRefund | undefined {
  const { facts, decidedAt, ...stored } = data;
  if (!isRefundPhase(state) || !isRefundFacts(facts) || !isWhole(decidedAt) || decidedAt > revision) return undefined;
  if (!isStored(stored)) return undefined;
  // A final state without what it is about would have nothing to tell.
  const outcome = refundOutcomeOf({ ...stored, out_refund_no: id }, { phase: state, facts }, decidedAt);
  return outcome && { stored, phase: state, facts, decidedAt };
}
