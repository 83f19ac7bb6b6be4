import type { PayClient, PayClientV3 } from 'wxpay-face';

/** A merchant's clients as they are configured now. */
export interface Clients {
  readonly v2: PayClient;
  /** What payments are taken with, if it is configured. */
  readonly v3: PayClientV3 | undefined;
}

interface Generation extends Clients {
  /** How many calls are under way. */
  calls: number;
}

/**
 * A merchant's line to the gateway, whose clients may be exchanged at any time: those of a line stand for the newest ones, and a call
 * that is under way ends with the client that it began with.
 */
export class Line {
  /** For what API v3 doesn't have: authinfo, and the codes of faces. */
  readonly v2: PayClient;
  /** What payments and refunds are taken with. */
  readonly paying: PayClient | PayClientV3;
  #now: Generation;

  constructor(clients: Clients) {
    this.#now = { ...clients, calls: 0 };
    this.v2 = this.#standIn(clients.v2, ({ v2 }) => v2);
    this.paying = this.#standIn<PayClient | PayClientV3>(clients.v3 ?? clients.v2, ({ v2, v3 }) => v3 ?? v2);
  }

  /** Whether payments by codes go by API v3. */
  get isByV3(): boolean {
    return this.#now.v3 !== undefined;
  }

  /** What comes from now on goes by these; the former ones are closed after their last call. */
  exchange(clients: Clients): void {
    const former = this.#now;
    this.#now = { ...clients, calls: 0 };
    if (former.calls === 0) close(former);
  }

  /** Lets calls in flight end. */
  close(): void {
    close(this.#now);
  }

  #standIn<Client extends PayClient | PayClientV3>(first: Client, newest: (clients: Clients) => Client): Client {
    return new Proxy(first, {
      get: (_first, name) => {
        const generation = this.#now;
        const client = newest(generation);
        // That of a client of v3: what it pays by v2 is to go on with the newest, too.
        if (name === 'v2' && client === generation.v3) return this.v2;
        const value: unknown = Reflect.get(client, name, client);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => this.#counted(generation, Reflect.apply(value, client, args));
      },
    });
  }

  #counted(generation: Generation, result: unknown): unknown {
    if (!(result instanceof Promise)) return result;
    generation.calls += 1;
    return result.finally(() => {
      generation.calls -= 1;
      if (generation.calls === 0 && generation !== this.#now) close(generation);
    });
  }
}

function close({ v2, v3 }: Clients): void {
  v3?.close();
  v2.close();
}
