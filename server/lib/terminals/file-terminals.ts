import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Terminal, Terminals } from './terminal.js';

/** Terminals of a server without a database: a file beside its journal. */
export class FileTerminals implements Terminals {
  readonly #path: string;
  #terminals: readonly Terminal[];
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, terminals: readonly Terminal[]) {
    this.#path = path;
    this.#terminals = terminals;
  }

  static async open(folder: string): Promise<FileTerminals> {
    const path = join(folder, 'terminals.json');
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (Object(error).code === 'ENOENT') return '[]';
      throw error;
    });
    const terminals: Terminal[] = JSON.parse(text);
    return new FileTerminals(path, terminals);
  }

  async add(terminal: Terminal): Promise<void> {
    await this.#write([...this.#terminals.filter(({ name }) => name !== terminal.name), terminal]);
  }

  async remove(name: string): Promise<boolean> {
    const isKnown = this.#terminals.some((terminal) => terminal.name === name);
    if (isKnown) await this.#write(this.#terminals.filter((terminal) => terminal.name !== name));
    return isKnown;
  }

  async find(tokenHash: string): Promise<Terminal | undefined> {
    return this.#terminals.find((terminal) => terminal.tokenHash === tokenHash);
  }

  async list(): Promise<Terminal[]> {
    return [...this.#terminals];
  }

  /** Who is withdrawn is so at once, whether the file can be written or not. */
  async #write(terminals: readonly Terminal[]): Promise<void> {
    this.#terminals = terminals;
    const text = JSON.stringify(terminals, undefined, 2);
    this.#writing = this.#writing
      .catch(() => undefined)
      .then(async () => {
        await writeFile(`${this.#path}.new`, text, { mode: 0o600, flush: true });
        await rename(`${this.#path}.new`, this.#path);
      });
    await this.#writing;
  }
}
