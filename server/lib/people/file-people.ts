import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JournalError } from 'wxpay-face';
import { isPerson, type People, type Person } from './person.js';

/**
 * People of a server without a database: a file beside its journal, which the command line may change at any time. Who has signed
 * in is known to this process alone.
 */
export class FilePeople implements People {
  readonly #path: string;
  readonly #sessions = new Map<string, { readonly person: string; readonly until: number }>();
  #changing: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#path = join(folder, 'people.json');
  }

  async add(person: Person): Promise<void> {
    await this.#change((all) => [...all.filter(({ name }) => name !== person.name), person]);
  }

  async remove(name: string): Promise<boolean> {
    return this.#change((all) => all.filter((person) => person.name !== name));
  }

  async list(): Promise<Person[]> {
    const text = await readFile(this.#path, 'utf8').catch((error: unknown) => {
      if (Object(error).code === 'ENOENT') return '[]';
      throw new JournalError(`The people can't be read: ${this.#path}`, { cause: error });
    });
    const people: unknown = JSON.parse(text);
    if (!Array.isArray(people) || !people.every(isPerson))
      throw new JournalError(`The file of people is none: ${this.#path}`);
    return people;
  }

  async find(tokenHash: string): Promise<Person | undefined> {
    return (await this.list()).find((person) => person.tokenHash === tokenHash);
  }

  async begin({ id }: Person, sessionHash: string, duration: number): Promise<void> {
    const now = performance.now();
    for (const [hash, { until }] of this.#sessions) if (until < now) this.#sessions.delete(hash);
    this.#sessions.set(sessionHash, { person: id, until: now + duration });
  }

  async inSession(sessionHash: string): Promise<Person | undefined> {
    const session = this.#sessions.get(sessionHash);
    if (session === undefined || session.until < performance.now()) return undefined;
    return (await this.list()).find(({ id }) => id === session.person);
  }

  async end(sessionHash: string): Promise<void> {
    this.#sessions.delete(sessionHash);
  }

  /** Whether it has changed in number. */
  #change(change: (all: readonly Person[]) => readonly Person[]): Promise<boolean> {
    const changed = this.#changing.then(async () => {
      const before = await this.list();
      const after = change(before);
      await writeFile(`${this.#path}.new`, JSON.stringify(after, undefined, 2), { mode: 0o600, flush: true });
      await rename(`${this.#path}.new`, this.#path);
      return after.length !== before.length;
    });
    this.#changing = changed.catch(() => undefined);
    return changed;
  }
}
