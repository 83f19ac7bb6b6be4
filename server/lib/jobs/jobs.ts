import { setTimeout as sleep } from 'node:timers/promises';
import { PgBoss } from 'pg-boss';
import type { Connections } from '../database/connections.js';
import type { Merchant } from '../merchants/merchants.js';
import { tell } from '../operation/events.js';
import { openBills, reconcileBill } from './nights/night.js';
import { prune } from './pruning.js';
import { deliver } from './webhooks/delivery.js';
import { withDueEvents } from './webhooks/events.js';

/*
 * What surrounds money, and may happen twice: pg-boss says which server does it, and when. What is to be done is in the tables of this
 * package: a job that is lost or comes twice loses nothing and doubles nothing that matters.
 */

export interface JobsParts {
  /** postgres://…: pg-boss has connections of its own. */
  readonly database: string;
  readonly connections: Connections;
  /** Of this start. */
  readonly server: string;
  readonly merchants: { all(): readonly Merchant[]; onTold(listener: (merchant: string) => void): void };
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Milliseconds: between looks for what is due, after a failure, and in which what is to be told is gathered. */
const [sweep, again, gathering] = [5_000, 5_000, 50];

interface Job {
  readonly merchant: string;
  readonly bill_date?: string;
}

/** One job for a key, however often it's asked for. What isn't done now comes again by itself, not by the queue. */
const queue = { policy: 'exclusive', retryLimit: 0, deleteAfterSeconds: 600, heartbeatSeconds: 10 } as const;

/** Minutes, of Beijing's clock. */
const schedules: Readonly<Record<string, string>> = { night: '*/10 * * * *', pruning: '17 4 * * *' };

export class Jobs {
  readonly #parts: JobsParts;
  readonly #life = new AbortController();
  readonly #begun: Promise<void>;
  /** Merchants of whom something was stored just now. */
  readonly #told = new Set<string>();
  #boss: PgBoss | undefined;
  #workers: string[] = [];

  private constructor(parts: JobsParts) {
    this.#parts = parts;
    this.#begun = this.#begin();
    parts.merchants.onTold((merchant) => this.#gather(merchant));
    void this.#sweep();
  }

  /** Begins in the background: no payment waits for any of it. */
  static start(parts: JobsParts): Jobs {
    return new Jobs(parts);
  }

  /** What is under way is broken off; another server, or the next start, goes on with it. Idempotent. */
  async close(): Promise<void> {
    this.#life.abort();
    await this.#begun;
    await this.#boss?.stop({ timeout: 5_000 }).catch(() => undefined);
  }

  async #begin(): Promise<void> {
    let isTold = false;
    while (!this.#life.signal.aborted) {
      const boss = new PgBoss({
        connectionString: this.#parts.database,
        application_name: 'wxpay-face-server jobs',
        schema: 'wxpay_face_jobs',
        max: 4,
        connectionTimeoutMillis: 5_000,
        superviseIntervalSeconds: 10,
        monitorIntervalSeconds: 10,
        maintenanceIntervalSeconds: 600,
        registerInstance: false,
        openTelemetry: { enabled: false },
      });
      // What fails is tried again; unheard it would end the process.
      boss.on('error', () => {});
      try {
        await boss.start();
        await this.#prepare(boss);
        this.#boss = boss;
        await this.#look();
        return;
      } catch (error) {
        await boss.stop({ graceful: false }).catch(() => undefined);
        const { code, message } = Object(error);
        const reason = `${code ?? ''} ${message ?? ''}`.trim();
        if (!isTold) tell({ event: 'jobs-waiting', server: this.#parts.server, reason });
        isTold = true;
        await this.#pause(again);
      }
    }
  }

  async #prepare(boss: PgBoss): Promise<void> {
    const handlers: Readonly<Record<string, (job: Job, signal: AbortSignal) => Promise<unknown>>> = {
      webhooks: (job, signal) => this.#deliver(job, signal),
      bills: (job) => this.#reconcile(job),
      night: () => this.#night(boss),
      pruning: () => prune(this.#parts.connections, this.#parts.merchants.all(), this.#parts.now()),
    };
    for (const [name, handler] of Object.entries(handlers)) {
      await boss.createQueue(name, { ...queue, expireInSeconds: name === 'webhooks' ? 120 : 3_600 });
      const options =
        name === 'webhooks' ? { localConcurrency: 8, pollingIntervalSeconds: 3 } : { pollingIntervalSeconds: 5 };
      const worker = await boss.work<Job>(name, options, async ([job]) => {
        if (job !== undefined) await handler(job.data ?? { merchant: '' }, job.signal);
      });
      if (name === 'webhooks') this.#workers = [worker];
    }
    for (const [name, cron] of Object.entries(schedules))
      await boss.schedule(name, cron, null, { tz: 'Asia/Shanghai' });
    // A server that was down in the morning makes up for it at its start.
    await boss.send('night', null, { singletonKey: 'night' });
  }

  async #deliver({ merchant }: Job, signal: AbortSignal): Promise<void> {
    const webhook = this.#find(merchant)?.webhook;
    if (webhook === undefined) return;
    await deliver(this.#parts, merchant, webhook, AbortSignal.any([signal, this.#life.signal]));
  }

  async #reconcile({ merchant, bill_date = '' }: Job): Promise<void> {
    const found = this.#find(merchant);
    if (found === undefined) return;
    if (await reconcileBill(this.#parts, found, bill_date)) this.#gather(merchant);
  }

  async #night(boss: PgBoss): Promise<void> {
    for (const bill of await openBills(this.#parts, this.#parts.merchants.all()))
      await boss.send('bills', bill, { singletonKey: `${bill.merchant} ${bill.bill_date}` });
  }

  #find(merchant: string): Merchant | undefined {
    return this.#parts.merchants.all().find(({ name }) => name === merchant);
  }

  /** Also what another server stored and died, what was refused and is due again, what was replayed. */
  async #sweep(): Promise<void> {
    for (; !this.#life.signal.aborted; await this.#pause(sweep)) if (this.#boss !== undefined) await this.#look();
  }

  async #look(): Promise<void> {
    const merchants = this.#parts.merchants.all().filter(({ webhook }) => webhook !== undefined);
    if (merchants.length === 0) return;
    const names = merchants.map(({ name }) => name);
    const due = await withDueEvents(this.#parts.connections, names).catch(() => []);
    for (const merchant of due) this.#gather(merchant);
  }

  #gather(merchant: string): void {
    if (this.#told.size === 0) setTimeout(() => void this.#wake(), gathering).unref();
    this.#told.add(merchant);
  }

  async #wake(): Promise<void> {
    const merchants = [...this.#told];
    this.#told.clear();
    const boss = this.#boss;
    if (boss === undefined || this.#life.signal.aborted) return;
    // Each server asks for itself: the job of one that was killed keeps no other's back, and no two have the same event in hand.
    // If it can't be asked for, the next look finds it.
    for (const merchant of merchants)
      await boss
        .send('webhooks', { merchant }, { singletonKey: `${merchant} ${this.#parts.server}` })
        .catch(() => undefined);
    for (const worker of this.#workers) boss.notifyWorker(worker);
  }

  async #pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#life.signal, ref: false }).catch(() => undefined);
  }
}
