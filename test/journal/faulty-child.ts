// Writes to the journal of a folder for some time while the disk misbehaves: `faults` is the file that makes it fail, or one
// that grows until the disk is full. Prints what went wrong: what was told durable and is not there, or the other way round.
import { appendFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { FileJournal } from '../../lib/journal/file-journal.js';

const [directory = '', faults = '', how = 'flag', milliseconds = '2000'] = process.argv.slice(2);
const options = { keep: Number.POSITIVE_INFINITY };
/** The revision that is stored, by what was told; 'unknown' after a failure that nobody could clear up. */
const known = new Map<string, number | 'unknown'>();
let [told, refused] = [0, 0];

function disturb(): void {
  if (Math.random() < 0.3) rmSync(faults, { force: true });
  else if (how === 'flag') writeFileSync(faults, '');
  else
    try {
      for (let size = 1 << 20; size > 0; size >>= 4)
        while (Math.random() < 0.99) appendFileSync(faults, Buffer.alloc(size));
    } catch {
      // Full.
    }
}

async function write(journal: FileJournal, id: string): Promise<void> {
  const revision = Number((await journal.get('payment', id))?.revision ?? 0) + 1;
  const data = { note: 'x'.repeat(Math.floor(Math.random() * 3_000)) };
  const facts = { schema: 1, kind: 'payment', id, state: 'polling', updatedAt: 1, data } as const;
  const next = { ...facts, revision, finished: revision % 3 === 0, acknowledged: false };
  known.set(id, 'unknown');
  await (revision === 1 ? journal.create(next) : journal.put(next));
  told += 1;
  known.set(id, revision);
}

const journal = await FileJournal.open(directory, options);
for (const end = Date.now() + Number(milliseconds); Date.now() < end; ) {
  if (Math.random() < 0.2) disturb();
  const ids = [0, 1, 2].map((index) => `N${3 * Math.floor(Math.random() * 5) + index}`);
  await Promise.all(
    ids.map(async (id) => {
      try {
        await write(journal, id);
      } catch {
        refused += 1;
        await journal.get('payment', id).then(
          (found) => known.set(id, found?.revision ?? 0),
          () => undefined,
        );
      }
    }),
  );
  if (Math.random() < 0.05) await journal.prune(0).catch(() => undefined);
}
rmSync(faults, { force: true });
if (existsSync(faults)) throw new Error('the faults go on');
await journal.close();
const again = await FileJournal.open(directory, options);
const wrong: string[] = [];
for (const [id, revision] of known) {
  const found = (await again.get('payment', id))?.revision ?? 0;
  if (revision !== 'unknown' && found !== revision) wrong.push(`${id}: ${found}, told ${revision}`);
}
await again.close();
process.stdout.write(JSON.stringify({ told, refused, wrong }));
