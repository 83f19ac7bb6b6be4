import type { JournalRecord } from '../journal/journal.js';
import type { MerchantIdentity } from '../pay/options.js';
import { isFields, isNumber, isOneOf, isOptional, isString, isWhole } from '../unknown.js';
import type { CancelledBy, ReversalReason } from './decision/outcomes.js';
import type { ReservedRefund } from './decision/refund/rules.js';
import type { Requested } from './decision/request-time.js';
import { type Decline, type Facts, finalPhases, type Payment, type Phase, phases } from './decision/states.js';
import { extended } from './decision/table.js';
import type { RecordedRail } from './order.js';
import { isReservedRefund } from './refund/reserved.js';

/* What this package keeps of a payment in a record's `data`. */

/** Who took a payment. Another merchant's query would say ORDERNOTEXIST of an order that is charged. */
export type RecordedMerchant = Pick<MerchantIdentity, 'appid' | 'mch_id' | 'sub_mch_id'>;

export const recordedMerchant = ({ appid, mch_id, sub_mch_id }: MerchantIdentity): RecordedMerchant => ({
  appid,
  mch_id,
  ...(sub_mch_id !== undefined && { sub_mch_id }),
});

/**
 * When the gateway can have given a sale up: since it was first decided, and, once that is heard, until then. Milliseconds
 * since the epoch, by the gateway's clock as far as it is known. The bill of one of these days has it.
 */
export interface Reversal {
  readonly from: number;
  readonly to?: number;
}

/** What the journal keeps of a payment beside its state. */
export interface StoredPayment {
  readonly rail: RecordedRail;
  /** Fen; unknown of an order that another program sold. */
  readonly total_fee?: number;
  readonly merchant: RecordedMerchant;
  readonly requested: Requested;
  readonly reversal?: Reversal;
  /** In the order in which they were reserved, each before anything of it was sent. */
  readonly refunds?: readonly ReservedRefund[];
  /** Of whoever asked for it, see PayOptions. */
  readonly note?: Readonly<Record<string, string>>;
}

/** A payment as its record tells it. */
export interface KnownPayment {
  readonly stored: StoredPayment;
  readonly phase: Phase;
  readonly facts: Facts;
  /** The record's revision at which this phase was decided. */
  readonly decidedAt: number;
}

export function toRecord(
  out_trade_no: string,
  revision: number,
  updatedAt: number,
  { stored, phase, facts, decidedAt }: KnownPayment,
): JournalRecord {
  const finished = finalPhases.has(phase);
  return {
    schema: 1,
    kind: 'payment',
    id: out_trade_no,
    revision,
    state: phase,
    finished,
    acknowledged: false,
    updatedAt,
    data: extended(stored, { decidedAt, facts, ...(finished && { endedAt: updatedAt }) }),
  };
}

/** When a payment came to its end, also if it was acknowledged later. Milliseconds since the epoch, by the clock that wrote it. */
export const endOf = ({ data: { endedAt }, updatedAt }: JournalRecord): number =>
  isNumber(endedAt) ? endedAt : updatedAt;

/**
 * The first record of an order that another program sold, for a journal in memory: cancel() takes it up and gives it up.
 * What it asked, and when, is not known, so that no amount and no time is held against it.
 */
export function adoptedOrder(
  out_trade_no: string,
  rail: RecordedRail,
  merchant: MerchantIdentity,
  wall: number,
): JournalRecord {
  const requested = { wall, run: '', monotonic: 0, gateway: 0 };
  return toRecord(out_trade_no, 1, wall, {
    stored: { rail, merchant: recordedMerchant(merchant), requested },
    phase: 'attention',
    facts: { attention: 'unreadable', reason: 'The order was sold by another program', resumable: true },
    decidedAt: 1,
  });
}

const isPhase = (state: string): state is Phase => Object.hasOwn(phases, state);

const isRail = (value: unknown): value is RecordedRail =>
  value === 'micropay' || value === 'facepay' || value === 'codepay';

export const isMerchant = (value: unknown): value is RecordedMerchant =>
  isFields(value) && isString(value.appid) && isString(value.mch_id) && isOptional(value.sub_mch_id, isString);

export const isNote = (value: unknown): value is Readonly<Record<string, string>> =>
  isFields(value) && Object.values(value).every(isString);

const isRequested = (value: unknown): value is Requested =>
  isFields(value) &&
  isNumber(value.wall) &&
  isString(value.run) &&
  isNumber(value.monotonic) &&
  isOptional(value.gateway, isNumber);

const isReversal = (value: unknown): value is Reversal =>
  isFields(value) && isNumber(value.from) && isOptional(value.to, isNumber);

const isDecline = (value: unknown): value is Decline =>
  isFields(value) && isString(value.err_code) && isOptional(value.err_code_des, isString);

const isPayment = (value: unknown): value is Payment =>
  isFields(value) &&
  isString(value.transaction_id) &&
  isWhole(value.total_fee) &&
  isOptional(value.cash_fee, isWhole) &&
  isOptional(value.openid, isString) &&
  isOptional(value.time_end, isString) &&
  isFields(value.response);

const reasons: readonly ReversalReason[] = ['unknown', 'given-up', 'payerror'];
const cancelling: readonly CancelledBy[] = ['customer', 'cashier', 'timeout'];

const isFacts = (value: unknown): value is Facts =>
  isFields(value) &&
  isOptional(value.decline, isDecline) &&
  isOptional(value.payment, isPayment) &&
  [value.charged, value.givenUp, value.resumable].every((flag) => flag === undefined || flag === true) &&
  isOptional(value.refusal, isString) &&
  isOptional(value.reason, isString) &&
  isOptional(value.failure, isString) &&
  isOptional(value.attention, isString) &&
  isOptional(value.why, isOneOf(...reasons)) &&
  isOptional(value.by, isOneOf(...cancelling));

/** A final state without what it is about would have nothing to tell. */
const isWhat: Readonly<Partial<Record<Phase, (facts: Facts) => unknown>>> = {
  paid: ({ payment }) => payment,
  declined: ({ decline }) => decline,
  failed: ({ failure }) => failure,
  attention: ({ attention }) => attention,
};

/** A number that was given up before its payment came: nothing is known of it, or ever will be, but perhaps a note of who did. */
export const isTombstone = ({ state, data }: Pick<JournalRecord, 'state' | 'data'>): boolean =>
  state === 'cancelled' && Object.keys(data).every((name) => name === 'note');

const tombstone = (revision: number): KnownPayment => ({
  stored: { rail: 'micropay', merchant: { appid: '', mch_id: '' }, requested: { wall: 0, run: '', monotonic: 0 } },
  phase: 'cancelled',
  facts: { by: 'cashier' },
  decidedAt: revision,
});

const areReserved = (value: unknown): value is readonly ReservedRefund[] =>
  Array.isArray(value) && value.every(isReservedRefund);

/**
 * Whether a payment's record knows that the sale was given up, so that a journal that several processes share may store it over
 * a cancel() that was written down.
 */
export const isGivenUp = ({ state, data: { facts } }: JournalRecord): boolean =>
  state === 'cancelled' || (isFields(facts) && facts.givenUp === true);

/** Reads what toRecord wrote; undefined if it can't have been written by this version. */
export function fromRecord({ state, data, revision }: JournalRecord): KnownPayment | undefined {
  if (isTombstone({ state, data })) return tombstone(revision);
  const { rail, total_fee, merchant, requested, reversal, refunds, note, facts, decidedAt } = data;
  if (!isPhase(state) || !isFacts(facts) || !isRequested(requested) || !isMerchant(merchant)) return undefined;
  if (!isRail(rail) || !(refunds === undefined || areReserved(refunds))) return undefined;
  if (!(reversal === undefined || isReversal(reversal)) || !(note === undefined || isNote(note))) return undefined;
  if (!isOptional(total_fee, isWhole) || !isWhole(decidedAt) || decidedAt > revision) return undefined;
  const isTold = isWhat[state];
  if (isTold !== undefined && isTold(facts) === undefined) return undefined;
  const stored: StoredPayment = {
    rail,
    merchant,
    requested,
    ...(isWhole(total_fee) && { total_fee }),
    ...(reversal !== undefined && { reversal }),
    ...(refunds !== undefined && { refunds }),
    ...(note !== undefined && { note }),
  };
  return { stored, phase: state, facts, decidedAt };
}
