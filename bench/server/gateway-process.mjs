import { fork } from 'node:child_process';
import { once } from 'node:events';

/** The gateway, seen from the benchmark. */
export class Gateway {
  #child;
  /** What a client needs to use it. */
  client;

  static async start() {
    const gateway = new Gateway();
    gateway.#child = fork(new URL('gateway.mjs', import.meta.url), { execArgv: [] });
    [{ client: gateway.client }] = await once(gateway.#child, 'message');
    return gateway;
  }

  /** What it was asked so far. */
  async books() {
    this.#child.send({});
    const [books] = await once(this.#child, 'message');
    return books;
  }

  async close() {
    if (!this.#child.connected) return;
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }
}
