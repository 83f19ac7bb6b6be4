import { JournalError } from './errors.js';
import { type Decline, type Facts, finalPhases, type Payment, type Phase, phases } from './machine.js';
import type { JournalFilter, PaymentRecord, Rail } from './types.js';

/* What a journal demands of a record, and what this package keeps in its `data`. */

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isString = (value: unknown): value is string => typeof value === 'string';
const isAmount = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value);
const isOptionalString = (value: unknown): boolean => value === undefined || isString(value);

/** What came back from storage is a record of this schema. */
export function isPaymentRecord(value: unknown): value is PaymentRecord {
  return (
    isFields(value) &&
    value.schema === 1 &&
    isString(value.out_trade_no) &&
    isAmount(value.revision) &&
    isString(value.state) &&
    typeof value.finished === 'boolean' &&
    typeof value.acknowledged === 'boolean' &&
    typeof value.updatedAt === 'number' &&
    isFields(value.data)
  );
}

/** @throws JournalError where the record is none, or not a first one. */
export function checkNew(record: PaymentRecord): void {
  if (!isPaymentRecord(record)) throw new JournalError('The journal takes payment records of schema 1 only');
  if (record.revision !== 1)
    throw new JournalError(`A new payment has revision 1, not ${record.revision} (${record.out_trade_no})`);
}

/** @throws JournalError where the record doesn't follow directly on the stored one: an update would be lost. */
export function checkSuccessor(record: PaymentRecord, stored: PaymentRecord | undefined): void {
  if (!isPaymentRecord(record)) throw new JournalError('The journal takes payment records of schema 1 only');
  if (stored === undefined) throw new JournalError(`The journal doesn't know ${record.out_trade_no}`);
  if (record.revision !== stored.revision + 1)
    throw new JournalError(
      `${record.out_trade_no} is at revision ${stored.revision} in the journal; revision ${record.revision} doesn't follow`,
    );
}

export function matches(record: PaymentRecord, { finished, acknowledged }: JournalFilter): boolean {
  return (
    (finished === undefined || record.finished === finished) &&
    (acknowledged === undefined || record.acknowledged === acknowledged)
  );
}

/** Who took a payment. Another merchant's query would say ORDERNOTEXIST of an order that is charged. */
export interface RecordedMerchant {
  readonly appid: string;
  readonly mch_id: string;
  readonly sub_mch_id?: string;
}

/** What the journal keeps of a payment beside its state. */
export interface Entry {
  readonly rail: Rail;
  /** Fen. */
  readonly total_fee: number;
  readonly merchant: RecordedMerchant;
  /** When the payment was requested. `monotonic` counts only in the run of the program that wrote it. */
  readonly requested: { readonly wall: number; readonly run: string; readonly monotonic: number };
}

export interface Remembered {
  readonly entry: Entry;
  readonly phase: Phase;
  readonly facts: Facts;
}

export function toRecord(
  out_trade_no: string,
  revision: number,
  updatedAt: number,
  { entry, phase, facts }: Remembered,
): PaymentRecord {
  return {
    schema: 1,
    out_trade_no,
    revision,
    state: phase,
    finished: finalPhases.has(phase),
    acknowledged: false,
    updatedAt,
    data: { ...entry, facts },
  };
}

const isPhase = (state: string): state is Phase => Object.hasOwn(phases, state);

const isMerchant = (value: unknown): value is RecordedMerchant =>
  isFields(value) && isString(value.appid) && isString(value.mch_id) && isOptionalString(value.sub_mch_id);

const isRequested = (value: unknown): value is Entry['requested'] =>
  isFields(value) && typeof value.wall === 'number' && isString(value.run) && typeof value.monotonic === 'number';

const isDecline = (value: unknown): value is Decline =>
  isFields(value) && isString(value.err_code) && isOptionalString(value.err_code_des);

const isPayment = (value: unknown): value is Payment =>
  isFields(value) &&
  isString(value.transaction_id) &&
  isAmount(value.total_fee) &&
  (value.cash_fee === undefined || isAmount(value.cash_fee)) &&
  isOptionalString(value.openid) &&
  isOptionalString(value.time_end) &&
  isFields(value.response);

const isFacts = (value: unknown): value is Facts =>
  isFields(value) &&
  (value.decline === undefined || isDecline(value.decline)) &&
  (value.payment === undefined || isPayment(value.payment)) &&
  [value.charged, value.givenUp, value.resumable].every((flag) => flag === undefined || flag === true) &&
  isOptionalString(value.refusal) &&
  isOptionalString(value.reason);

/** Reads what toRecord wrote; undefined where it can't have been written by this version. */
export function fromRecord({ state, data }: PaymentRecord): Remembered | undefined {
  const { rail, total_fee, merchant, requested, facts } = data;
  if (!isPhase(state) || !isFacts(facts) || !isAmount(total_fee) || !isRequested(requested)) return undefined;
  if (rail !== 'micropay' && rail !== 'facepay') return undefined;
  if (!isMerchant(merchant)) return undefined;
  // A final state without what it is about would have nothing to tell.
  if ((state === 'paid' && !facts.payment) || (state === 'declined' && !facts.decline)) return undefined;
  return { entry: { rail, total_fee, merchant, requested }, phase: state, facts };
}
