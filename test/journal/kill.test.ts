import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { all, folder, open, removeFolders } from '../support/journals.js';

const child = fileURLToPath(new URL('./kill-child.js', import.meta.url));
const isLong = process.env.WXPAY_FACE_TEST_LONG === '1';
const kills = isLong ? 1_000 : 100;
/** At once, each on a journal of its own. */
const lanes = 4;

/** Lets a process write for a random while, kills it, and tells what it had been told durable. */
async function killed(directory: string, name: string): Promise<Map<string, number>> {
  const writer = spawn(process.execPath, [child, directory, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  writer.stdout.on('data', (chunk: Buffer) => {
    if (chunks.push(chunk) === 1) setTimeout(() => writer.kill('SIGKILL'), Math.random() * 60);
  });
  await once(writer, 'close');
  // A line that it was killed in was not told.
  const lines = Buffer.concat(chunks).toString().split('\n').slice(0, -1);
  expect(lines[0]).to.equal('open');
  return new Map(
    lines.slice(1).map((line): [string, number] => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]),
  );
}

describe('FileJournal whose process is killed', function () {
  this.timeout(isLong ? 3_600_000 : 300_000);
  after(removeFolders);

  it(`has all that was told durable, ${kills} times`, async () => {
    let told = 0;
    const lane = async (number: number) => {
      const directory = await folder();
      const known = new Map<string, number>();
      for (let time = 0; time < kills / lanes; time += 1) {
        for (const [id, revision] of await killed(directory, `${number}-${time}`)) {
          known.set(id, revision);
          told += 1;
        }
        const journal = await open(directory);
        const found = new Map((await all(journal)).map(({ id, revision }) => [id, revision]));
        await journal.close();
        for (const [id, revision] of known) {
          // Pruned by the process.
          if (id.endsWith('7') && found.get(id) === undefined && revision === 2) known.delete(id);
          else expect(found.get(id), `${id}, told at revision ${revision}`).to.be.at.least(revision);
        }
        // It may have been killed before it said so.
        for (const [id, revision] of found) {
          known.set(id, revision);
        }
      }
    };
    await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
    expect(told).to.be.greaterThan(kills);
  });
});
