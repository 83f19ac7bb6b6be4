import type { JournalRecord } from '../../journal/journal.js';
import { type Fields, isFields, isNumber, isOptional, isString, isWhole } from '../../unknown.js';
import type { Trouble } from '../decision/outcomes.js';
import { type RefundOutcome, refundOutcomeOf } from '../decision/refund/outcomes.js';
import { finalPhases, type RefundFacts, type RefundPhase } from '../decision/refund/states.js';
import type { Requested } from '../decision/request-time.js';
import { isMerchant, type RecordedMerchant } from '../record.js';
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
  /** By which API it's sent and asked for. Undefined: v2. */
  readonly api?: 'v3';
  /**
   * `wall`: when it is first sent, by the clock of the machine that reserved it, milliseconds since the epoch. `run`: the run
   * of the program that did. `gateway`: the same moment by the gateway's clock, if that was known.
   */
  readonly requested: Pick<Requested, 'wall' | 'run' | 'gateway'>;
  /** When the gateway was first seen to have it. Milliseconds since the epoch, by its clock if it's known. */
  readonly takenBy?: number;
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

/** How a refund stands. @param trouble What keeps it from its end, as far as it is known. */
export const outcomeOf = (
  out_refund_no: string,
  { stored: { out_trade_no, refund_fee }, decidedAt, ...state }: KnownRefund,
  trouble?: Trouble,
): RefundOutcome | undefined => refundOutcomeOf({ out_trade_no, out_refund_no, refund_fee }, state, decidedAt, trouble);

/** The same, undefined while the gateway has neither taken it nor said no. */
export const decidedOutcome: typeof outcomeOf = (out_refund_no, known, trouble) =>
  known.phase === 'sending' || known.phase === 'confirming' ? undefined : outcomeOf(out_refund_no, known, trouble);

const isStored = (value: Fields): value is Fields & StoredRefund =>
  isString(value.out_trade_no) &&
  isWhole(value.total_fee) &&
  isWhole(value.refund_fee) &&
  [value.refund_desc, value.refund_account, value.notify_url].every((text) => isOptional(text, isString)) &&
  isMerchant(value.merchant) &&
  (value.api === undefined || value.api === 'v3') &&
  isFields(value.requested) &&
  isNumber(value.requested.wall) &&
  isString(value.requested.run) &&
  isOptional(value.requested.gateway, isNumber) &&
  isOptional(value.takenBy, isNumber);

/** Reads what refundRecord wrote; undefined if it can't have been written by this version. */
export function knownRefund({ id, state, data, revision }: JournalRecord): KnownRefund | undefined {
  const { facts, decidedAt, ...stored } = data;
  if (!isRefundPhase(state) || !isRefundFacts(facts) || !isWhole(decidedAt) || decidedAt > revision) return undefined;
  if (!isStored(stored)) return undefined;
  const known: KnownRefund = { stored, phase: state, facts, decidedAt };
  // A final state without what it is about would have nothing to tell.
  return outcomeOf(id, known) && known;
}
