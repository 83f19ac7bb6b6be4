import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { PaymentOutcome } from 'wxpay-face';
import type { Errand, Said, Start } from './server-child.js';

/* Server processes that a test kills and freezes. */

/** The server ended before it answered: what became of it is to be asked of another. */
export class GoneError extends Error {}

export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<PaymentOutcome | undefined>>();
  #errands = 0;
  isGone = false;

  private constructor(child: ChildProcess, hear: (outcome: unknown) => void) {
    this.#child = child;
    child.on('message', (said: Said) => {
      if ('told' in said) hear(said.told);
      if (!('id' in said)) return;
      const waiting = this.#waiting.get(said.id);
      this.#waiting.delete(said.id);
      if ('outcome' in said) waiting?.resolve(said.outcome);
      else waiting?.reject(Object.assign(new Error(said.message), { code: said.code }));
    });
    child.on('exit', () => {
      this.isGone = true;
      for (const { reject } of this.#waiting.values()) reject(new GoneError('The server has ended'));
      this.#waiting.clear();
    });
  }

  /** @param hear What onOutcome hears there. */
  static async start(start: Start, hear: (outcome: unknown) => void = () => {}): Promise<ServerProcess> {
    const path = fileURLToPath(new URL('./server-child.js', import.meta.url));
    const child = fork(path, { serialization: 'advanced', execArgv: [] });
    const server = new ServerProcess(child, hear);
    child.send(start);
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new GoneError('The server did not start'))),
    ]);
    return server;
  }

  do(errand: Errand): Promise<PaymentOutcome | undefined> {
    if (this.isGone) return Promise.reject(new GoneError('The server has ended'));
    this.#errands += 1;
    const waiting = Promise.withResolvers<PaymentOutcome | undefined>();
    this.#waiting.set(this.#errands, waiting);
    this.#child.send({ id: this.#errands, errand }, (error) => {
      if (error) waiting.reject(new GoneError('The server has ended'));
    });
    return waiting.promise;
  }

  async kill(): Promise<void> {
    if (this.isGone) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }
}
