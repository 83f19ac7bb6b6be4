import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { JournalError } from 'wxpay-face';
import { FileRefundLimits } from './file-refund-limits.js';
import type { RefundLimits } from './refund-limits.js';
import { isTerminal, type Terminal, type Terminals } from './terminal.js';

/** Terminals of a server without a database: a file beside its journal, which the command line may change at any time. */
export class FileTerminals implements Terminals {
  readonly refunds: RefundLimits;
  readonly #path: string;
  #changing: Promise<unknown> = Promise.resolve();

  private constructor(path: string) {
    this.#path = path;
    this.refunds = new FileRefundLimits(dirname(path));
  }

  /** @throws JournalError if the file is none of terminals. */
  static async open(folder: string): Promise<FileTerminals> {
    const terminals = new FileTerminals(join(folder, 'terminals.json'));
    await terminals.list();
    return terminals;
  }

  async add(terminal: Terminal): Promise<void> {
    await this.#change((all) => [...all.filter(({ name }) => name !== terminal.name), terminal]);
  }

  async remove(name: string): Promise<boolean> {
    return this.#change((all) => all.filter((terminal) => terminal.name !== name));
  }

  async find(tokenHash: string): Promise<Terminal | undefined> {
    return (await this.list()).find((terminal) => terminal.tokenHash === tokenHash);
  }

  async list(): Promise<Terminal[]> {
    const text = await readFile(this.#path, 'utf8').catch((error: unknown) => {
      if (Object(error).code === 'ENOENT') return '[]';
      throw new JournalError(`The terminals can't be read: ${this.#path}`, { cause: error });
    });
    const terminals: unknown = JSON.parse(text);
    if (!Array.isArray(terminals) || !terminals.every(isTerminal))
      throw new JournalError(`The file of terminals is none: ${this.#path}`);
    return terminals;
  }

  /** Whether it has changed in number. */
  #change(change: (all: readonly Terminal[]) => readonly Terminal[]): Promise<boolean> {
    const changed = this.#changing.then(async () => {
      const before = await this.list();
      const after = change(before);
      // The first terminal may be added before the server's first start.
      await mkdir(dirname(this.#path), { recursive: true });
      await writeFile(`${this.#path}.new`, JSON.stringify(after, undefined, 2), { mode: 0o600, flush: true });
      await rename(`${this.#path}.new`, this.#path);
      return after.length !== before.length;
    });
    this.#changing = changed.catch(() => undefined);
    return changed;
  }
}
