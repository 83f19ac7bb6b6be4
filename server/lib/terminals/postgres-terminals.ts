import type { Connections, Statement } from '../database/connections.js';
import { PostgresRefundLimits } from './postgres-refund-limits.js';
import type { RefundLimits } from './refund-limits.js';
import { type Right, rights, type Terminal, type Terminals } from './terminal.js';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly merchant: string;
  readonly subMerchant: string | null;
  readonly storeId: string;
  readonly storeName: string;
  readonly can: string[];
  /** A bigint comes as text. */
  readonly refundLimit: string | null;
  readonly tokenHash: string;
  [column: string]: unknown;
}

const columns = `
  id::text as "id", name as "name", merchant as "merchant", sub_merchant as "subMerchant", store_id as "storeId",
  store_name as "storeName", can as "can",
  refund_limit as "refundLimit", token_hash as "tokenHash"`;

const insert: Statement = {
  name: 'wxpay-face terminal add',
  text: `
    insert into wxpay_face.terminal
      (id, name, merchant, sub_merchant, store_id, store_name, can, refund_limit, token_hash)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (name) where removed_at is null do update set
      id = excluded.id, merchant = excluded.merchant, sub_merchant = excluded.sub_merchant, store_id = excluded.store_id,
      store_name = excluded.store_name, can = excluded.can, refund_limit = excluded.refund_limit,
      token_hash = excluded.token_hash`,
};
const remove: Statement = {
  name: 'wxpay-face terminal remove',
  text: `update wxpay_face.terminal set removed_at = now() where name = $1 and removed_at is null returning name as "name"`,
};
const find: Statement = {
  name: 'wxpay-face terminal find',
  text: `select ${columns} from wxpay_face.terminal where token_hash = $1 and removed_at is null`,
};
const list: Statement = {
  name: 'wxpay-face terminal list',
  text: `select ${columns} from wxpay_face.terminal where removed_at is null order by name`,
};

/** Terminals of servers that share a database: withdrawn at once on all. */
export class PostgresTerminals implements Terminals {
  readonly #connections: Connections;
  readonly refunds: RefundLimits;

  constructor(connections: Connections) {
    this.#connections = connections;
    this.refunds = new PostgresRefundLimits(connections);
  }

  async add(terminal: Terminal): Promise<void> {
    const { id, name, merchant, sub_merchant, store_id, store_name, can, refundLimit, tokenHash } = terminal;
    const values = [id, name, merchant, sub_merchant, store_id, store_name, can, refundLimit, tokenHash];
    await this.#connections.query(insert, values);
  }

  async remove(name: string): Promise<boolean> {
    return (await this.#connections.query(remove, [name])).length > 0;
  }

  async find(tokenHash: string): Promise<Terminal | undefined> {
    const [row] = await this.#connections.query<Row>(find, [tokenHash]);
    return row && toTerminal(row);
  }

  async list(): Promise<Terminal[]> {
    return (await this.#connections.query<Row>(list, [])).map(toTerminal);
  }
}

const isRight = (right: string): right is Right => rights.some((each) => each === right);

const toTerminal = ({
  subMerchant,
  storeId,
  storeName,
  can,
  refundLimit,
  id,
  name,
  merchant,
  tokenHash,
}: Row): Terminal => ({
  id,
  name,
  merchant,
  tokenHash,
  sub_merchant: subMerchant ?? undefined,
  store_id: storeId,
  store_name: storeName,
  can: can.filter(isRight),
  refundLimit: refundLimit === null ? undefined : Number(refundLimit),
});
