import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { deserialize, serialize } from 'node:v8';
import { expect } from 'chai';

/* Tills in processes of their own that die at a step. What one is to do stands in CRASH_ERRAND; it tells each outcome on a line of its own. */

/** In the till's process: what it is to do. */
export const errandOf = <Errand>(): Errand => deserialize(Buffer.from(process.env.CRASH_ERRAND ?? '', 'base64'));

export const tell = (outcome: object): void => void writeSync(1, `${JSON.stringify(outcome)}\n`);

/** @param diesAt The step at which this process dies. */
export const dyingAt =
  (diesAt: string | undefined) =>
  (step: string): void => {
    if (step === diesAt) process.kill(process.pid, 'SIGKILL');
  };

/** Dies before a call, while the gateway works on it, or at its answer. */
export function mortalClient<Client extends object, Name extends string & keyof Client>(
  client: Client & Record<Name, (...given: [never, never]) => Promise<unknown>>,
  names: readonly Name[],
  passed: (step: string) => void,
): Client {
  for (const name of names) {
    const call = client[name].bind(client);
    const mortalCall = async (...given: [never, never]) => {
      passed(`before ${name}`);
      const answer = call(...given);
      // The gateway takes 40 ms.
      setTimeout(() => passed(`during ${name}`), 20);
      try {
        return await answer;
      } finally {
        passed(`after ${name}`);
      }
    };
    Object.assign(client, { [name]: mortalCall });
  }
  return client;
}

/** In the test's process: the tills of a script. */
export class MortalTills {
  readonly #script: string;
  readonly #children = new Set<ChildProcess>();

  constructor(script: URL) {
    this.#script = fileURLToPath(script);
  }

  /** Runs a till to its end, or to its death; what it told before. */
  async run<Outcome>(
    errand: { readonly diesAt?: string },
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ told: Outcome[]; died: boolean }> {
    const child = spawn(process.execPath, [this.#script], {
      env: { ...process.env, ...env, CRASH_ERRAND: serialize(errand).toString('base64') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    let [output, errors] = ['', ''];
    child.stdout.on('data', (data: Buffer) => {
      output += data;
    });
    child.stderr.on('data', (data: Buffer) => {
      errors += data;
    });
    const patience = setTimeout(() => child.kill('SIGTERM'), 25_000);
    const [code, signal] = await once(child, 'close');
    clearTimeout(patience);
    this.#children.delete(child);
    const died = errand.diesAt !== undefined && (signal === 'SIGKILL' || process.platform === 'win32') && code !== 0;
    if (!died) expect({ code, signal, errors }).to.deep.include({ code: 0, signal: null });
    const told = output
      .split('\n')
      .filter(Boolean)
      .map((line): Outcome => JSON.parse(line));
    return { told, died };
  }

  kill(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }
}
