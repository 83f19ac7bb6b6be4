import type { Connections, Statement } from '../database/connections.js';
import { Gathered } from '../journal/gathered.js';
import type { Merchant } from '../merchants/merchants.js';

/*
 * Who asked for what: a line of the table wxpay_face.audit, which is only ever added to, and which the server's own role can't change
 * (migrations.ts, protection.ts). A line is written before what it tells is done, by the database's clock; that of a payment with its
 * first record, in one statement (journal/rows.ts). No openid, no code, no token.
 */

export interface Actor {
  readonly kind: 'terminal' | 'person' | 'command' | 'program';
  /** Of whoever has the token: one who is added again is another. */
  readonly id?: string | undefined;
  readonly name?: string | undefined;
}

export type AuditAction =
  | 'pay'
  | 'cancel'
  | 'refund'
  | 'acknowledge'
  | 'look-up'
  | 'replay'
  | 'terminal-added'
  | 'terminal-removed'
  | 'person-added'
  | 'person-removed';

export interface AuditEntry {
  readonly actor: Actor;
  readonly action: AuditAction;
  /** The mch_id, with the sub_mch_id if there is one. */
  readonly merchant?: string | undefined;
  /** The out_trade_no, or of a refund its out_refund_no. */
  readonly number?: string | undefined;
  /** Of a refund the out_trade_no of its sale; of terminals and persons their names. */
  readonly subject?: string | undefined;
  /** Fen. */
  readonly amount?: number | undefined;
  /** Of an acknowledgement. */
  readonly revision?: number | undefined;
}

/** Where the lines go. */
export interface Audit {
  /** Resolves when it is written down. */
  write(entry: AuditEntry): Promise<void>;
  /** The same for what comes often and moves no money: written with others, some milliseconds later. */
  writeSoon(entry: AuditEntry): Promise<void>;
}

/** Without a database nothing could be kept from whoever has the folder. */
export const noAudit: Audit = { write: async () => {}, writeSoon: async () => {} };

/** As the journal calls a merchant. */
export function auditedMerchant({ client: { identity } }: Pick<Merchant, 'client'>): string {
  const { mch_id, sub_mch_id } = identity;
  return sub_mch_id === undefined ? mch_id : `${mch_id}/${sub_mch_id}`;
}

/** A terminal or a person is added, or removed. */
export const tokenLine = (
  action: 'terminal-added' | 'terminal-removed' | 'person-added' | 'person-removed',
  { name, id }: { readonly name: string; readonly id?: string },
  actor: Actor,
): AuditEntry => ({ actor, action, number: id, subject: name });

const columns = 'server, actor, actor_id, actor_name, action, merchant, number, subject, amount, revision';

const insert: Statement = {
  name: 'wxpay-face audit',
  text: `
    insert into wxpay_face.audit (${columns})
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::int[])`,
};

export class PostgresAudit implements Audit {
  readonly #connections: Connections;
  readonly #server: string | null;
  readonly #soon = new Gathered<AuditEntry>(async (entries) => {
    await this.#insert(entries);
    return [];
  });

  /** @param server The id of its start; a command has none. */
  constructor(connections: Connections, server: string | null) {
    this.#connections = connections;
    this.#server = server;
  }

  write(entry: AuditEntry): Promise<void> {
    return this.#insert([entry]);
  }

  writeSoon(entry: AuditEntry): Promise<void> {
    return this.#soon.do(entry);
  }

  async #insert(entries: readonly AuditEntry[]): Promise<void> {
    await this.#connections.query(insert, [
      entries.map(() => this.#server),
      entries.map(({ actor }) => actor.kind),
      entries.map(({ actor }) => actor.id ?? null),
      entries.map(({ actor }) => actor.name ?? null),
      entries.map(({ action }) => action),
      entries.map(({ merchant }) => merchant ?? null),
      entries.map(({ number }) => number ?? null),
      entries.map(({ subject }) => subject ?? null),
      entries.map(({ amount }) => amount ?? null),
      entries.map(({ revision }) => revision ?? null),
    ]);
  }
}

/** A line as it is exported. */
export interface AuditLine {
  readonly id: string;
  /** By the database's clock, in UTC, to the microsecond. */
  readonly at: string;
  readonly server: string | null;
  readonly actor: Actor['kind'];
  readonly actor_id: string | null;
  readonly actor_name: string | null;
  readonly action: AuditAction;
  readonly merchant: string | null;
  readonly number: string | null;
  readonly subject: string | null;
  readonly amount: number | null;
  readonly revision: number | null;
}

const page = 1_000;

/** $1 from, $2 to, then the last line of the page before. */
const list: Statement = {
  name: 'wxpay-face audit export',
  text: `
    select id::text as "id", to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "at", server::text as "server",
           actor, actor_id, actor_name, action, merchant, number, subject, amount::float8 as "amount", revision
    from wxpay_face.audit
    where at >= $1::timestamptz and at < $2::timestamptz and (at, id) > ($3::timestamptz, $4::bigint)
    order by at, id limit ${page}`,
};

/** The lines of a time, oldest first. @param from Inclusive. @param to Exclusive. */
export async function* auditLines(connections: Connections, from: Date, to: Date): AsyncIterable<AuditLine> {
  for (let last = { at: '-infinity', id: '0' }; ; ) {
    const values = [from.toISOString(), to.toISOString(), last.at, last.id];
    const rows = await connections.query<AuditLine & Record<string, unknown>>(list, values);
    yield* rows;
    const end = rows.at(-1);
    if (end === undefined || rows.length < page) return;
    last = end;
  }
}

/** How lines are written, by format: `header` stands before them. */
export const auditFormats: Readonly<Record<string, { readonly header: string; line(line: AuditLine): string }>> = {
  ndjson: { header: '', line: (line) => `${JSON.stringify(line)}\n` },
  csv: {
    header: 'id,at,server,actor,actor_id,actor_name,action,merchant,number,subject,amount,revision\r\n',
    line: (line) => `${Object.values(line).map(cell).join(',')}\r\n`,
  },
};

/** As RFC 4180 says; a text that a spreadsheet would take for a formula stays one. */
function cell(value: unknown): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = String(value).replace(/^(?=[=+\-@\t\r])/, "'");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
