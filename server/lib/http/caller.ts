import type { Journal, JournalRecord } from 'wxpay-face';
import { PostgresJournal } from '../journal/postgres-journal.js';
import type { Merchant } from '../merchants/merchants.js';
import { type Audit, type AuditEntry, auditedMerchant } from '../operation/audit.js';
import type { Right, Terminal } from '../terminals/terminal.js';
import { forbidden, unknownNumber } from './refusals.js';
import type { Watch } from './waiting.js';

/** Who asks, and whose money it is. */
export interface Caller {
  readonly terminal: Terminal;
  readonly merchant: Merchant;
  readonly audit: Audit;
  /**
   * Of what the journal doesn't know. @param out_trade_no Of a sale.
   * @throws RefusedError if it may be known after all: the database was restored to an older moment.
   */
  readonly ensureUnknown: (out_trade_no?: string) => Promise<void>;
}

/** A line about what this caller asks for. */
export const lineOf = (
  { terminal: { id, name }, merchant }: Caller,
  asked: Pick<AuditEntry, 'action' | 'number' | 'subject' | 'amount' | 'revision'>,
): AuditEntry => ({ actor: { kind: 'terminal', id, name }, merchant: auditedMerchant(merchant), ...asked });

/** What is written into a payment's record of who asked for it. */
export const noteOf = ({ terminal }: Caller, attempt: string | undefined): Record<string, string> => ({
  terminal: terminal.id,
  store: terminal.store_id,
  ...(attempt !== undefined && { attempt }),
});

/** The same, read. */
export function noteIn({ data }: JournalRecord): { terminal?: unknown; store?: unknown; attempt?: unknown } {
  return Object(data.note);
}

/** Whoever waits for a record hears of it from the server that runs it, if servers share a database. */
export const watching =
  (journal: Journal, kind: JournalRecord['kind'], id: string): Watch =>
  (wake) =>
    journal instanceof PostgresJournal ? journal.onChange(kind, id, wake) : () => {};

/** @throws RefusedError if the terminal may not. */
export function demand({ terminal }: Caller, right: Right): void {
  if (!terminal.can.includes(right)) throw forbidden(right);
}

/** @throws RefusedError if it's not this terminal's. */
export function ensureOwn({ terminal }: Caller, record: JournalRecord): JournalRecord {
  if (noteIn(record).terminal !== terminal.id) throw unknownNumber();
  return record;
}

/** @throws RefusedError if there is none. */
async function knownPayment({ merchant, ensureUnknown }: Caller, out_trade_no: string): Promise<JournalRecord> {
  const record = await merchant.journal.get('payment', out_trade_no);
  if (record !== undefined) return record;
  await ensureUnknown(out_trade_no);
  throw unknownNumber();
}

/** A payment of this terminal, or a number that it gave up before it came. @throws RefusedError for any other. */
export async function ownPayment(caller: Caller, out_trade_no: string): Promise<JournalRecord> {
  return ensureOwn(caller, await knownPayment(caller, out_trade_no));
}

/** A payment of this terminal; for one that may refund also a paid sale of its store. @throws RefusedError for any other. */
export async function visiblePayment(caller: Caller, out_trade_no: string): Promise<JournalRecord> {
  const record = await knownPayment(caller, out_trade_no);
  const { terminal } = caller;
  const { terminal: seller, store } = noteIn(record);
  const isRefundable = terminal.can.includes('refund') && store === terminal.store_id && record.state === 'paid';
  if (seller !== terminal.id && !isRefundable) throw unknownNumber();
  return record;
}
