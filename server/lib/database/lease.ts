import type pg from 'pg';
import { ClosedError, JournalError } from 'wxpay-face';
import { type EventName, tell } from '../operation/events.js';
import { type Connections, end } from './connections.js';
import { version } from './migrations.js';

/* A server's lease: while it is good, nobody takes this server's payments over. */

/** Where those who want this server to look listen. */
export const channelOf = (owner: string): string => `wxpay_face:${owner}`;

/**
 * By the database's clock, and in one statement for all payments of this server. `since`: when it began to hold its lease without a gap.
 * A lease that is over may be renewed: what was taken over meanwhile is fenced row by row. Nothing is renewed on tables that
 * this server can't read.
 */
const renewal = `
  insert into wxpay_face.server as mine (id, since, until)
  select $1::uuid, now(), now() + make_interval(secs => $2::float8 / 1000)
  where (select max(readable_from) from wxpay_face.migration) <= $3::int
  on conflict (id) do update set
    since = case when mine.until > now() then mine.since else now() end,
    until = excluded.until
  returning (select count(*)::int from wxpay_face.server where until > now() and id <> $1::uuid) as "others"`;

/** Its rows belong to nobody from here on: whoever lives may claim them at once. */
const resignation = 'delete from wxpay_face.server where id = $1::uuid';

/** How many renewals a lease has room for. */
const renewals = 4;
/** The share of the lease that this server doesn't count upon, for clocks that run unequally, and for what is already on its way. */
const margin = 0.2;
/** Milliseconds between attempts while the database doesn't answer, at most. */
const again = 500;

export class Lease {
  readonly owner: string;
  /** Milliseconds. */
  readonly duration: number;
  readonly #connections: Connections;
  readonly #onRenewed: () => void;
  readonly #onNotice: (said: string) => void;
  /** Of the last renewal that succeeded, before it was sent. */
  #renewedAt: Moment | undefined;
  #client: pg.Client | undefined;
  /** Those who want a renewal that begins after they asked. */
  #asking: Array<PromiseWithResolvers<void>> = [];
  #others = 0;
  #isFailing = false;
  #isLost = false;
  #isOutdated = false;
  #isClosed = false;
  #wake = () => {};
  #kept: Promise<void> = Promise.resolve();

  /**
   * @param duration Milliseconds.
   * @param onRenewed Called after each renewal.
   * @param onNotice Called when another server wants this one to look at its rows, with what it says; with '' whenever such a call may have been missed.
   */
  constructor(
    connections: Connections,
    {
      owner,
      duration,
      onRenewed,
      onNotice,
    }: { owner: string; duration: number; onRenewed(): void; onNotice(said: string): void },
  ) {
    this.#connections = connections;
    this.owner = owner;
    this.duration = duration;
    this.#onRenewed = onRenewed;
    this.#onNotice = onNotice;
  }

  /**
   * Whether nobody can have taken this server's payments over. By the monotonic clock and the other one, whichever says more: one
   * stands still while a machine sleeps, the other may be set.
   */
  get isGood(): boolean {
    return this.#renewedAt !== undefined && !this.#isClosed && since(this.#renewedAt) < this.duration * (1 - margin);
  }

  /** Whether the database's tables are newer than this server can read: it can't renew its lease any more. */
  get isOutdated(): boolean {
    return this.#isOutdated;
  }

  /** How many servers share the database, this one too, as of the last renewal. */
  get servers(): number {
    return this.#others + 1;
  }

  /** Takes the lease for the first time, and keeps it. @throws the database's error if it can't. */
  async begin(): Promise<void> {
    await this.#renew();
    this.#kept = this.#keep();
  }

  /** Resolves when a renewal that began after this call has succeeded. @throws ClosedError after close(). */
  confirmed(): Promise<void> {
    if (this.#isClosed) return Promise.reject(new ClosedError('The journal'));
    const asking = Promise.withResolvers<void>();
    this.#asking.push(asking);
    // One that fails is tried again soon in any case.
    if (!this.#isFailing) this.#wake();
    return asking.promise;
  }

  /** Ends the attempts to renew it; those who wait are told. */
  async stop(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    for (const { reject } of this.#asking.splice(0)) reject(new ClosedError('The journal'));
    await this.#kept;
  }

  /** After stop(): hands over what this server has, if the database can be reached. */
  async resign(): Promise<void> {
    const client = this.#client ?? (await this.#connections.single().catch(() => undefined));
    if (client === undefined) return;
    await client.query(resignation, [this.owner]).catch(() => undefined);
    await end(client);
  }

  async #keep(): Promise<void> {
    while (!this.#isClosed) {
      const interval = this.duration / renewals;
      await this.#pause(this.#isFailing ? Math.min(again, interval) : this.#asking.length > 0 ? 0 : interval);
      if (this.#isClosed) return;
      const asked = this.#asking.splice(0);
      try {
        await this.#renew();
        this.#tell(this.#isFailing && 'database-back', this.#isLost && 'lease-renewed');
        this.#isFailing = false;
        this.#isLost = false;
        for (const { resolve } of asked) resolve();
      } catch {
        const isLost = !this.isGood;
        const failing = this.#isOutdated ? 'database-newer' : 'database-away';
        this.#tell(!this.#isFailing && failing, isLost && !this.#isLost && 'lease-lost');
        this.#isFailing = true;
        this.#isLost = isLost;
        this.#asking.push(...asked);
        await this.#disconnect();
      }
    }
  }

  #tell(...events: ReadonlyArray<EventName | false>): void {
    for (const event of events) if (event !== false) tell({ event, server: this.owner });
  }

  async #renew(): Promise<void> {
    const client = this.#client ?? (await this.#connect());
    const began = now();
    const { rows } = await client.query<{ others: number }>(renewal, [this.owner, this.duration, version]);
    const [renewed] = rows;
    this.#isOutdated = renewed === undefined;
    if (renewed === undefined) throw new JournalError("The database's tables are newer than this server can read");
    this.#renewedAt = began;
    this.#others = renewed.others;
    this.#onRenewed();
  }

  async #connect(): Promise<pg.Client> {
    const client = await this.#connections.single(Math.min(5_000, this.duration / 3));
    client.on('notification', ({ payload }) => this.#onNotice(payload ?? ''));
    // Not only when the next renewal is due: until then nobody would be heard.
    client.on('end', () => {
      if (this.#client === client) this.#wake();
    });
    await client.query(`listen "${channelOf(this.owner)}"`);
    this.#client = client;
    this.#onNotice('');
    return client;
  }

  async #disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) await end(client);
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

const now = (): Moment => ({ monotonic: performance.now(), wall: Date.now() });

const since = ({ monotonic, wall }: Moment): number => Math.max(performance.now() - monotonic, Date.now() - wall);
