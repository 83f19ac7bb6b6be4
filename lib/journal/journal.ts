import { isDeepStrictEqual } from 'node:util';
import { isFields } from '../unknown.js';
import { JournalError } from './errors.js';

/**
 * Where payments are written down before anything is done about them. {@link FileJournal} is the embedded one; a merchant
 * server may keep its payments in its own database by writing these methods, and hold them against
 * `wxpay-face/journal-contract`.
 */
export interface Journal {
  /**
   * Durable when resolved. Atomic: throws OrderExistsError if the journal knows the number, so that of two concurrent
   * payments of one number only one is sent.
   */
  create(record: JournalRecord): Promise<void>;
  /** Durable when resolved. Throws JournalError if `record.revision` is not the stored one plus one. */
  put(record: JournalRecord): Promise<void>;
  /** The record of a number, or undefined if there is none. */
  get(kind: JournalRecord['kind'], id: string): Promise<JournalRecord | undefined>;
  /** The records that the filter lets through, or all. */
  list(filter?: JournalFilter): AsyncIterable<JournalRecord>;
  /** Removes finished, acknowledged records last written before `before` (milliseconds since the epoch). */
  prune(before: number): Promise<number>;
  /** Ends it; every later call is refused with ClosedError. */
  close(): Promise<void>;

  /*
   * For journals that several processes share; without these this process alone has it. A put by one that has lost its record
   * throws JournalError with code ERR_JOURNAL_LOST: it stops, tells nothing, and whoever waits is answered from the journal. A
   * finished record is nobody's: any process may put the next revision, to acknowledge it, or to reserve a refund in it.
   *
   * A put of an unfinished payment whose cancel() was written down throws CancelRequestedError, unless isGivenUp() says that the
   * record knows of it: nothing that was decided without it is stored any more.
   */

  /** Asked right before the first byte of a payment or a refund: whether this process may still send. */
  holds?(record: Pick<JournalRecord, 'kind' | 'id'>): boolean;
  /**
   * After a put whose answer was lost: whether the stored record is that very write. It is given the object that put() was
   * given. Revision and data don't prove it if another process may have taken the record over.
   */
  isStored?(record: JournalRecord): Promise<boolean>;
  /** Hears of a cancel() that another process has written down. Returns how to stop listening. */
  onCancel?(listener: (out_trade_no: string) => void): () => void;
  /**
   * Writes a cancel() down: durable and irrevocable when resolved, whoever runs the payment. A number that has not come yet
   * gets a finished record of state 'cancelled' without data, so that a payment that comes later is refused. One that has
   * finished stays as it is: whoever gives it up puts its next revision.
   */
  requestCancel?(out_trade_no: string): Promise<void>;
  /**
   * Hears of an unfinished record that this process has from now on, e.g. a dead one's, and takes it up. Returns how to stop
   * listening.
   */
  onTakeUp?(listener: (record: Pick<JournalRecord, 'kind' | 'id'>) => Promise<void>): () => void;
}

/** Which records to list; a field left out lets all through. */
export interface JournalFilter {
  kind?: JournalRecord['kind'];
  finished?: boolean;
  acknowledged?: boolean;
}

/** One payment or refund as the journal keeps it. */
export interface JournalRecord {
  schema: 1;
  kind: 'payment' | 'refund';
  /** out_trade_no or out_refund_no. */
  id: string;
  /** 1 when created, one more with each put. */
  revision: number;
  /** State of the machine, see docs/payment-states.md. */
  state: string;
  finished: boolean;
  acknowledged: boolean;
  /** Milliseconds since the epoch. */
  updatedAt: number;
  /** Plain JSON of the state machine; no secret in it. */
  data: Record<string, unknown>;
}

/* What every journal demands of a record. */

/** What came back from storage is a record of this schema. */
export function isJournalRecord(value: unknown): value is JournalRecord {
  return (
    isFields(value) &&
    value.schema === 1 &&
    (value.kind === 'payment' || value.kind === 'refund') &&
    typeof value.id === 'string' &&
    Number.isSafeInteger(value.revision) &&
    typeof value.state === 'string' &&
    typeof value.finished === 'boolean' &&
    typeof value.acknowledged === 'boolean' &&
    typeof value.updatedAt === 'number' &&
    isFields(value.data)
  );
}

/** What tells a record from all others. */
export type RecordName = Pick<JournalRecord, 'kind' | 'id'>;

/** The two kinds have numbers of their own: usual is a refund with its sale's number. */
export const keyOf = ({ kind, id }: RecordName): string => `${kind} ${id}`;

/** @throws JournalError if the record is none. */
export function checkRecord(record: JournalRecord): void {
  if (!isJournalRecord(record)) throw new JournalError('The journal takes records of schema 1 only');
}

/** @throws JournalError if the record is not a first one. */
export function checkNew(record: JournalRecord): void {
  if (record.revision !== 1)
    throw new JournalError(`A new ${record.kind} has revision 1, not ${record.revision} (${record.id})`);
}

/** @throws JournalError if the record doesn't follow directly on the stored one: an update would be lost. */
export function checkSuccessor(record: JournalRecord, stored: Pick<JournalRecord, 'revision'> | undefined): void {
  if (stored === undefined) throw new JournalError(`The journal doesn't know ${keyOf(record)}`);
  if (record.revision !== stored.revision + 1)
    throw new JournalError(
      `${keyOf(record)} is at revision ${stored.revision} in the journal; revision ${record.revision} doesn't follow`,
    );
}

export function matches(
  record: Pick<JournalRecord, 'kind' | 'finished' | 'acknowledged'>,
  { kind, finished, acknowledged }: JournalFilter,
): boolean {
  return (
    (kind === undefined || record.kind === kind) &&
    (finished === undefined || record.finished === finished) &&
    (acknowledged === undefined || record.acknowledged === acknowledged)
  );
}

/** Whether a stored record is the very one that was written, although its write failed. Storage has it as JSON. */
export const isSameWrite = (stored: JournalRecord, { revision, data }: JournalRecord): boolean =>
  stored.revision === revision && isDeepStrictEqual(stored.data, JSON.parse(JSON.stringify(data)));
