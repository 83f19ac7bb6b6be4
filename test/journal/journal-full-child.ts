// Writes to the journal of the folder that it is given until its files may not grow, and again when they may. Prints what the
// journal took, and what it holds.
import { execFileSync } from 'node:child_process';
import { FileJournal } from '../../lib/journal/file-journal.js';

const directory = process.argv[2] ?? '';
const options = { keep: Number.POSITIVE_INFINITY };
const journal = await FileJournal.open(directory, options);
const taken: string[] = [];
const refusals = new Set<unknown>();

async function take(id: string): Promise<boolean> {
  const facts = { revision: 1, state: 'submitting', finished: false, acknowledged: false, updatedAt: 1 };
  try {
    await journal.create({ schema: 1, kind: 'payment', id, ...facts, data: { note: 'x'.repeat(300) } });
    taken.push(id);
    return true;
  } catch (error) {
    refusals.add(error instanceof Error && 'code' in error ? error.code : error);
    return false;
  }
}

for (let number = 0; await take(`before-${number}`); number += 1);
const while_full = await Promise.all(['full-1', 'full-2'].map(take));
const readable = await journal.get('payment', 'before-0');
execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:']);
for (const name of ['after-1', 'after-2']) await take(name);
await Promise.all(['after-3', 'after-4', 'after-5'].map(take));
await journal.close();

const again = await FileJournal.open(directory, options);
const held: string[] = [];
for await (const { id } of again.list()) held.push(id);
await again.close();
const result = { taken, held, refusals: [...refusals], while_full, readable: readable?.id };
process.stdout.write(JSON.stringify(result));
