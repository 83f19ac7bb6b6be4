import { tell } from '../operation/events.js';
import type { Connections, Statement } from './connections.js';
import type { Lease } from './lease.js';

/*
 * What this server has in the database and doesn't run, and what dead ones left: found with every renewal. Nothing of a living
 * server is left undriven, and two living servers never take from each other.
 */

/** A row that is this server's. */
export interface OwnRow {
  readonly merchant: string;
  readonly kind: 'payment' | 'refund';
  readonly id: string;
}

/** A merchant whose rows can be taken up here. */
export interface Taker {
  /** Has a row that was claimed just now driven from now on. @param gaps Of the lease, before it was claimed. */
  takeUp(row: OwnRow, gaps: number): Promise<void>;
  /** Has this server's row driven, if it isn't. It may have ended since it was read. @param gaps Of the lease, before that. */
  check(row: OwnRow, gaps: number): Promise<void>;
  /** A cancel() of it was written down. */
  cancel(id: string): void;
  /** Something became of a refund, says the gateway. */
  refundNotice(id: string): void;
  /** Another server waits for what becomes of this one's row. */
  watch(name: Pick<OwnRow, 'kind' | 'id'>, server: string): void;
  /** Another server has written a row that somebody waits for here. */
  changed(name: Pick<OwnRow, 'kind' | 'id'>): void;
}

/** What one server says to another of a record. It only shortens waits: what is lost or can't be read is found by looking. */
export const saying = (about: keyof typeof sayings, { merchant, kind, id }: OwnRow, more = ''): string =>
  [about, merchant, kind, id, more].join(' ');

const sayings: Readonly<
  Record<'notice' | 'watch' | 'changed', (taker: Taker, name: Pick<OwnRow, 'kind' | 'id'>, more: string) => void>
> = {
  notice: (taker, { id }) => taker.refundNotice(id),
  watch: (taker, name, server) => taker.watch(name, server),
  changed: (taker, name) => taker.changed(name),
};
const isAbout = (word: string): word is keyof typeof sayings => Object.hasOwn(sayings, word);

/** How many rows are claimed at once: one who freezes with them has them locked for all. */
const batch = 100;
/** How many of a merchant's are taken up at once: the tills' new payments need connections, too. */
const atOnce = 4;
/** How many of its own rows a server looks at with each renewal. */
const page = 1_000;
/** Records of other schemas are for servers that know them. */
const schema = 1;

/**
 * Owners first: those without a lease have resigned, or never lived. One whose lease is over is dead, if this server has held its own
 * without a gap for a whole lease: else a database that was away for longer would move rows between living ones. Owners are
 * found by a loose scan of the index. Which rows is decided by their own owner at the moment of the update, with now(), the
 * moment of this statement.
 */
const claim: Statement = {
  name: 'wxpay-face claim',
  text: `
    with recursive me as (
      select since <= now() - make_interval(secs => $2::float8 / 1000) as "isTrusted"
      from wxpay_face.server where id = $1::uuid and until > now()
    ), owners as (
      (select owner from wxpay_face.record where not finished order by owner limit 1)
      union all
      select (select r.owner from wxpay_face.record r where not r.finished and r.owner > o.owner order by r.owner limit 1)
      from owners o where o.owner is not null
    ), dead as (
      select o.owner from owners o cross join me left join wxpay_face.server s on s.id = o.owner
      where o.owner <> $1::uuid and (s.id is null or (s.until < now() and me."isTrusted"))
    ), found as materialized (
      select numbers, kind, id from wxpay_face.record
      where owner = any (array(select owner from dead)) and not finished and merchant = any ($3::text[]) and schema = ${schema}
      limit ${batch} for update skip locked
    )
    update wxpay_face.record as r
    set owner = $1::uuid, revision = r.revision + 1, write_id = gen_random_uuid()
    from found where r.numbers = found.numbers and r.kind = found.kind and r.id = found.id
    returning r.merchant as "merchant", r.kind as "kind", r.id as "id"`,
};

const own: Statement = {
  name: 'wxpay-face own',
  text: `
    select merchant as "merchant", kind as "kind", id as "id" from wxpay_face.record
    where owner = $1::uuid and not finished and (merchant, kind, id) > ($2::text, $3::text, $4::text)
      and schema = ${schema}
    order by merchant, kind, id limit ${page}`,
};

const givenUp: Statement = {
  name: 'wxpay-face given up',
  text: `
    select merchant as "merchant", id as "id" from wxpay_face.record
    where owner = $1::uuid and given_up and not finished and kind = 'payment'`,
};

/** Of several calls while it runs, one more run. */
class Repeated {
  readonly #task: () => Promise<void>;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(task: () => Promise<void>) {
    this.#task = task;
  }

  /** What fails is tried again with the next call. */
  run(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#loop();
    return this.#running;
  }

  async #loop(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      await this.#task().catch(() => undefined);
    }
    this.#running = undefined;
  }
}

export class Caretaker {
  readonly #connections: Connections;
  readonly #lease: Lease;
  readonly #takers: ReadonlyMap<string, Taker>;
  readonly #polls = new Repeated(() => this.#poll());
  readonly #turns = new Repeated(() => this.#turn());
  /** Beside the turns: taking up has to wait if more was left than can be asked for. */
  readonly #claims = new Repeated(() => this.#claim());
  /** The merchants of whom rows are being taken up: one with very many holds up no other. */
  readonly #takingUp = new Set<string>();
  /** The last of its own rows that it has looked at. */
  #last: Pick<OwnRow, 'merchant' | 'kind' | 'id'> | undefined;

  /** @param takers By merchant. */
  constructor(connections: Connections, lease: Lease, takers: ReadonlyMap<string, Taker>) {
    this.#connections = connections;
    this.#lease = lease;
    this.#takers = takers;
  }

  /** Looks whether one of its payments was given up. */
  poll(): void {
    void this.#polls.run();
  }

  /** Another server said something. */
  hear(said: string): void {
    const [about = '', merchant = '', kind, id = '', more = ''] = said.split(' ');
    const taker = this.#takers.get(merchant);
    if (!isAbout(about)) this.poll();
    else if (taker !== undefined && (kind === 'payment' || kind === 'refund'))
      sayings[about](taker, { kind, id }, more);
  }

  /** Looks for what nobody drives. */
  turn(): void {
    void this.#turns.run();
  }

  async #poll(): Promise<void> {
    const rows = await this.#connections.query<OwnRow>(givenUp, [this.#lease.owner]);
    for (const { merchant, id } of rows) this.#takers.get(merchant)?.cancel(id);
  }

  async #turn(): Promise<void> {
    await this.#sweep();
    void this.#claims.run();
    await this.#poll();
  }

  async #claim(): Promise<void> {
    for (let found = batch; found === batch && this.#lease.isGood; ) {
      const merchants = [...this.#takers.keys()].filter((merchant) => !this.#takingUp.has(merchant));
      if (merchants.length === 0) return;
      const { owner, duration, gaps } = this.#lease;
      const rows = await this.#connections.query<OwnRow>(claim, [owner, duration, merchants]);
      found = rows.length;
      if (found > 0) tell({ event: 'taken-over', server: owner, count: found });
      for (const [merchant, own] of Map.groupBy(rows, (row) => row.merchant)) void this.#takeUp(merchant, own, gaps);
    }
  }

  async #takeUp(merchant: string, rows: readonly OwnRow[], gaps: number): Promise<void> {
    const taker = this.#takers.get(merchant);
    const left = rows.values();
    const lane = async () => {
      for (const row of left) await taker?.takeUp(row, gaps);
    };
    this.#takingUp.add(merchant);
    await Promise.all(Array.from({ length: atOnce }, lane));
    this.#takingUp.delete(merchant);
    // What was taken up just now may have been given up: first the restart, then the cancel.
    this.poll();
    void this.#claims.run();
  }

  /** What it doesn't run it takes up: a create or a claim whose answer was lost, a run that has failed. */
  async #sweep(): Promise<void> {
    const { merchant = '', kind = '', id = '' } = this.#last ?? {};
    const { gaps } = this.#lease;
    const rows = await this.#connections.query<OwnRow>(own, [this.#lease.owner, merchant, kind, id]);
    this.#last = rows.length < page ? undefined : rows.at(-1);
    // Not waited for: a number may be in somebody's hands for long.
    for (const row of rows)
      void this.#takers
        .get(row.merchant)
        ?.check(row, gaps)
        .catch(() => undefined);
  }
}
