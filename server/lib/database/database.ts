import { randomUUID } from 'node:crypto';
import { ClosedError, JournalError } from 'wxpay-face';
import { Caretaker, type Taker } from './caretaker.js';
import { Connections } from './connections.js';
import { examine } from './examination.js';
import { Lease } from './lease.js';
import { migrate } from './migrations.js';

/** The shortest and the longest lease, and the usual one. Milliseconds. */
const leases = { least: 1_000, most: 600_000, usual: 15_000 } as const;

/**
 * One process's place in a database that servers share: its connections, its lease, and its care for what it has there. One for all
 * merchants of a process; each has a journal of its own on it.
 */
export class Database {
  readonly connections: Connections;
  readonly lease: Lease;
  readonly #takers = new Map<string, Taker>();
  readonly #caretaker: Caretaker;
  readonly #onRenewed = new Set<() => void>();
  #closed: Promise<void> | undefined;

  private constructor(connections: Connections, duration: number) {
    this.connections = connections;
    this.lease = new Lease(connections, {
      // A start's, never a host's: what an earlier start has left is another's.
      owner: randomUUID(),
      duration,
      onRenewed: () => {
        this.#caretaker.turn();
        for (const listener of this.#onRenewed) listener();
      },
      onNotice: (said) => this.#caretaker.hear(said),
    });
    this.#caretaker = new Caretaker(connections, this.lease, this.#takers);
  }

  /**
   * Looks at the database, makes or changes its tables, and takes this process's lease.
   * @param lease Milliseconds after which a silent server's payments are taken over.
   * @throws JournalError if the database can't be reached, or can't be trusted with money, and why.
   */
  static async open(connectionString: string, lease: number = leases.usual): Promise<Database> {
    if (!Number.isInteger(lease) || lease < leases.least || lease > leases.most)
      throw new JournalError(`lease must be ${leases.least} to ${leases.most} whole milliseconds`);
    const database = new Database(new Connections(connectionString), lease);
    try {
      await examine(database.connections);
      await migrate(database.connections);
      await database.lease.begin();
      return database;
    } catch (error) {
      await database.close();
      if (error instanceof JournalError) throw error;
      throw new JournalError(`The database can't be used: ${reasonOf(error)}`, { cause: error });
    }
  }

  /** Calls the listener after each renewal of the lease. */
  onRenewed(listener: () => void): void {
    this.#onRenewed.add(listener);
  }

  /** From now on what is this merchant's is taken up here. @throws JournalError if another journal has it in this process. */
  attach(merchant: string, taker: Taker): void {
    if (this.#closed !== undefined) throw new ClosedError('The database');
    if (this.#takers.has(merchant)) throw new JournalError(`This process has a journal of ${merchant} already`);
    this.#takers.set(merchant, taker);
  }

  detach(merchant: string): void {
    this.#takers.delete(merchant);
  }

  /** Looks at once for what nobody drives, and not only with the next renewal. */
  lookAgain(): void {
    this.#caretaker.turn();
  }

  /** Waits for what is under way; what is unfinished is handed over to whoever lives. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#takers.clear();
    this.#onRenewed.clear();
    await this.lease.stop();
    await this.connections.close();
    await this.lease.resign();
  }
}

/** Without the cause's own text if that may be empty, as of a connection that was refused at two addresses. */
function reasonOf(error: unknown): string {
  const { message = '', code = '', errors } = Object(error);
  if (message !== '') return String(message);
  const [first] = Array.isArray(errors) ? errors : [];
  return first === undefined ? String(code) : reasonOf(first);
}
