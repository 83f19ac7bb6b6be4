import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { PayClientOptions } from 'wxpay-face';
import type { Scenario } from 'wxpay-face/simulator';
import type { Asked, Books, Said } from './simulator-child.js';

/** The payment gateway in a process of its own: what it does costs the servers' side no time, and waits for none of it. */
export class SimulatorProcess {
  readonly client: PayClientOptions;
  readonly #child: ChildProcess;
  readonly #asking = new Map<number, (books: Books) => void>();
  #asked = 0;

  private constructor(child: ChildProcess, client: PayClientOptions) {
    this.#child = child;
    this.client = client;
    child.on('message', (said: Said) => {
      if ('id' in said) this.#asking.get(said.id)?.(said.books);
    });
  }

  static async start(): Promise<SimulatorProcess> {
    const path = fileURLToPath(new URL('./simulator-child.js', import.meta.url));
    const child = fork(path, { serialization: 'advanced', execArgv: [] });
    const [said]: [Said] = Object(await once(child, 'message'));
    if (!('client' in said)) throw new Error('The simulator did not start');
    return new SimulatorProcess(child, said.client);
  }

  set scenario(scenario: Scenario) {
    this.#send({ id: 0, scenario });
  }

  books(): Promise<Books> {
    return new Promise((resolve) => {
      this.#asked += 1;
      this.#asking.set(this.#asked, resolve);
      this.#send({ id: this.#asked });
    });
  }

  async close(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }

  #send(asked: Asked): void {
    if (this.#child.connected) this.#child.send(asked);
  }
}
