import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { MerchantServerOptions, NewTerminal } from '../../lib/index.js';
import { freePort } from './postgres.js';

const command = fileURLToPath(new URL('../../lib/cli/main.js', import.meta.url));

/** What it says on standard error is kept to this many characters. */
const most = 4_000;

/**
 * A server as it is deployed: the command in a process of its own, on a configuration in a file. It listens on the same port
 * whenever it's started.
 */
export class ServerCommand {
  readonly url: string;
  readonly adminUrl: string;
  readonly #folder: string;
  readonly #config: string;
  /** Of the version that is installed: what is started next. */
  main = command;
  #child: ChildProcess | undefined;
  #isEnding = false;
  /** What it has said on standard error, of all its starts; the newest. */
  said = '';
  /** Called if it ends, and nobody has ended it. */
  onCrash: () => void = () => {};

  private constructor(folder: string, port: number, adminPort: number) {
    this.#folder = folder;
    this.#config = join(folder, 'server.json');
    this.url = `http://127.0.0.1:${port}`;
    this.adminUrl = `http://127.0.0.1:${adminPort}`;
  }

  /** Writes the configuration; nothing runs yet. */
  static async of(options: MerchantServerOptions): Promise<ServerCommand> {
    const folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
    const [port, adminPort] = [await freePort(), await freePort()];
    const server = new ServerCommand(folder, port, adminPort);
    // It holds the merchant's key.
    await writeFile(server.#config, JSON.stringify({ ...options, listen: { port }, admin: { port: adminPort } }), {
      mode: 0o600,
    });
    return server;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  get pid(): number {
    const { pid } = this.#child ?? {};
    if (pid === undefined) throw new Error('The server does not run');
    return pid;
  }

  /** Resolves when it listens: true. False if it ends before, as on a database that is away. @param more Options of its command. */
  async start(...more: readonly string[]): Promise<boolean> {
    const child = spawn(process.execPath, [this.main, 'start', '--config', this.#config, ...more], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    this.#isEnding = false;
    let isReady = false;
    child.stderr?.on('data', (text: Buffer) => {
      this.said = `${this.said}${text}`.slice(-most);
    });
    child.once('exit', () => {
      this.#child = undefined;
      if (isReady && !this.#isEnding) this.onCrash();
    });
    while (this.#child === child && !isReady) {
      isReady = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
        () => this.#child === child,
        () => false,
      );
      if (!isReady) await sleep(50);
    }
    return isReady;
  }

  /** At once and without a word, as by a power cut; or in order, by SIGTERM. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#isEnding = true;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Another command on its configuration, to its end. */
  async run(...args: readonly string[]): Promise<{ code: unknown; out: string; error: string }> {
    try {
      const all = [command, ...args, '--config', this.#config];
      const { stdout, stderr } = await promisify(execFile)(process.execPath, all);
      return { code: 0, out: stdout, error: stderr };
    } catch (failure) {
      const { code, stdout, stderr } = Object(failure);
      return { code, out: String(stdout), error: String(stderr) };
    }
  }

  /** By the command line, as an operator does it. @returns Its token. */
  async addTerminal({ name, merchant, store_id, store_name, can }: NewTerminal): Promise<string> {
    const fields = { name, merchant, 'store-id': store_id, 'store-name': store_name, can: can?.join(',') };
    const args = Object.entries(fields).flatMap(([field, value]) => (value === undefined ? [] : [`--${field}`, value]));
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...[command, 'terminal', 'add', '--config', this.#config],
      ...args,
    ]);
    return stdout.trim();
  }

  /** Bytes of memory that it has now, and the most that it has had. Linux. */
  async memory(): Promise<{ now: number; most: number }> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    const bytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1_024;
    return { now: bytes('VmRSS'), most: bytes('VmHWM') };
  }

  /** Seconds of processor time that it has taken. Linux. */
  async processorTime(): Promise<number> {
    const stat = await readFile(`/proc/${this.pid}/stat`, 'utf8');
    // proc(5): utime and stime are the 14th and the 15th; the second, in parentheses, may have blanks.
    const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14);
    return (Number(user) + Number(system)) / 100;
  }

  /** Ends it, if it runs, and removes its configuration. */
  async dispose(): Promise<void> {
    this.thaw();
    await this.end('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }
}
