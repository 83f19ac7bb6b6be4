// Writes to the journal of the folder that it is given, several records at once, and says of each write when it is told
// durable, until it is killed. Compacts again and again.
import { writeSync } from 'node:fs';
import { FileJournal } from '../../lib/journal/file-journal.js';

const [directory = '', name = ''] = process.argv.slice(2);
const journal = await FileJournal.open(directory, { keep: Number.POSITIVE_INFINITY });

async function write(id: string): Promise<void> {
  const facts = {
    schema: 1,
    kind: 'payment',
    id,
    state: 'submitting',
    updatedAt: 1,
    data: { note: 'x'.repeat(200) },
  } as const;
  await journal.create({ ...facts, revision: 1, finished: false, acknowledged: false });
  writeSync(1, `${id} 1\n`);
  await journal.put({ ...facts, revision: 2, finished: true, acknowledged: id.endsWith('7') });
  writeSync(1, `${id} 2\n`);
}

writeSync(1, 'open\n');
for (let serial = 0; ; serial += 1) {
  await Promise.all([0, 1, 2].map((index) => write(`${name}-${3 * serial + index}`)));
  if (serial % 5 === 4) await journal.prune(2);
}
