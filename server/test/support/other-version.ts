import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What was compiled. */
const build = fileURLToPath(new URL('../../', import.meta.url));

/** One more change of the tables, as a later version of the server has it. */
export interface Change {
  readonly sql: string;
  /** The oldest version of the tables whose servers can work with what it leaves. */
  readonly readableFrom: number;
}

/** A later version of the server: this one, with changes of the tables that it makes beyond this one's. */
export class OtherVersion {
  /** Its command. */
  readonly main: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.main = join(folder, 'cli', 'main.js');
  }

  /** @param name Of no other that is there at the same time. */
  static async make(name: string, changes: readonly Change[]): Promise<OtherVersion> {
    // Beside this one's, where what it imports is found as well.
    const folder = join(build, `lib-${name}`);
    await rm(folder, { recursive: true, force: true });
    await cp(join(build, 'lib'), folder, { recursive: true });
    const path = join(folder, 'database', 'migrations.js');
    const end = 'export const version = migrations.length;';
    const parts = (await readFile(path, 'utf8')).split(end);
    if (parts.length !== 2) throw new Error('migrations.js is not as it was');
    await writeFile(path, parts.join(`migrations.push(...${JSON.stringify(changes)});\n${end}`));
    return new OtherVersion(folder);
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}
