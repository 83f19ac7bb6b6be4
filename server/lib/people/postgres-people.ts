import type { Connections, Statement } from '../database/connections.js';
import { isRole, type People, type Person } from './person.js';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly merchants: string[];
  readonly role: string;
  readonly tokenHash: string;
  [column: string]: unknown;
}

const columns = `
  p.id::text as "id", p.name as "name", p.merchants as "merchants", p.role as "role", p.token_hash as "tokenHash"`;

const insert: Statement = {
  name: 'wxpay-face person add',
  text: `
    insert into wxpay_face.person (id, name, merchants, role, token_hash) values ($1, $2, $3, $4, $5)
    on conflict (name) where removed_at is null do update set
      id = excluded.id, merchants = excluded.merchants, role = excluded.role, token_hash = excluded.token_hash`,
};
const remove: Statement = {
  name: 'wxpay-face person remove',
  text: `update wxpay_face.person set removed_at = now() where name = $1 and removed_at is null returning name as "name"`,
};
const list: Statement = {
  name: 'wxpay-face person list',
  text: `select ${columns} from wxpay_face.person p where p.removed_at is null order by p.name`,
};
const find: Statement = {
  name: 'wxpay-face person find',
  text: `select ${columns} from wxpay_face.person p where p.token_hash = $1 and p.removed_at is null`,
};

/** By the database's clock, since servers share the sessions. Those that are over go with the next that begins. */
const begin: Statement = {
  name: 'wxpay-face session begin',
  text: `
    with over as (delete from wxpay_face.person_session where until < now())
    insert into wxpay_face.person_session (hash, person, until)
    values ($1, $2, now() + make_interval(secs => $3::float8 / 1000))`,
};
/** A person that was removed, or added again, has another id or none: its sessions are nobody's. */
const inSession: Statement = {
  name: 'wxpay-face session look',
  text: `
    select ${columns} from wxpay_face.person_session s join wxpay_face.person p on p.id = s.person
    where s.hash = $1 and s.until > now() and p.removed_at is null`,
};
const end: Statement = {
  name: 'wxpay-face session end',
  text: 'delete from wxpay_face.person_session where hash = $1',
};

/** People of servers that share a database: they sign in once for all of them, and are withdrawn at once on all. */
export class PostgresPeople implements People {
  readonly #connections: Connections;

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  async add({ id, name, merchants, role, tokenHash }: Person): Promise<void> {
    await this.#connections.query(insert, [id, name, merchants, role, tokenHash]);
  }

  async remove(name: string): Promise<boolean> {
    return (await this.#connections.query(remove, [name])).length > 0;
  }

  async list(): Promise<Person[]> {
    return (await this.#connections.query<Row>(list, [])).flatMap(toPerson);
  }

  async find(tokenHash: string): Promise<Person | undefined> {
    return (await this.#connections.query<Row>(find, [tokenHash])).flatMap(toPerson)[0];
  }

  async begin({ id }: Person, sessionHash: string, duration: number): Promise<void> {
    await this.#connections.query(begin, [sessionHash, id, duration]);
  }

  async inSession(sessionHash: string): Promise<Person | undefined> {
    return (await this.#connections.query<Row>(inSession, [sessionHash])).flatMap(toPerson)[0];
  }

  async end(sessionHash: string): Promise<void> {
    await this.#connections.query(end, [sessionHash]);
  }
}

/** One whose role this version doesn't know may do nothing. */
const toPerson = ({ id, name, merchants, role, tokenHash }: Row): Person[] =>
  isRole(role) ? [{ id, name, merchants, role, tokenHash }] : [];
