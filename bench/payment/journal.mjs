// The journal beside the least that any journal does, and beside LevelDB: writes one at a time and a thousand at once, and the
// opening of a hundred thousand records beside the bare read and digest of the same file.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { FileJournal } from '../../dist/index.js';

const onePerRound = 60;
/** Rounds that don't count: a till's process has run for a while, too. */
const warmUps = 20;
const crowd = 1_000;
const many = 100_000;

const record = (id, revision = 1, finished = false) => ({
  schema: 1,
  kind: 'payment',
  id,
  revision,
  state: finished ? 'paid' : 'submitting',
  finished,
  acknowledged: finished,
  updatedAt: Date.now(),
  data: {
    rail: 'micropay',
    total_fee: 1250,
    merchant: { appid: 'wx5f3a000000000001', mch_id: '1900000109' },
    requested: { wall: Date.now(), run: '0b203044-cfd4-1e00-76ce-758abe00d635', monotonic: 12345.678 },
    decidedAt: revision,
    facts: { note: 'x'.repeat(finished ? 300 : 20) },
  },
});

/** Appends and syncs, and knows nothing. */
export async function bareLog(folder) {
  const file = await open(join(folder, 'bare.log'), 'w');
  let at = 0;
  const write = async (records) => {
    const bytes = Buffer.from(`${'0'.repeat(50)}${records.map((each) => JSON.stringify(each)).join(',\t')}\n`);
    await file.write(bytes, 0, bytes.length, at);
    await file.datasync();
    at += bytes.length;
  };
  return { create: (each) => write([each]), put: (each) => write([each]), together: write, close: () => file.close() };
}

async function fileJournal(folder) {
  const journal = await FileJournal.open(join(folder, 'journal'));
  const together = (records) => Promise.all(records.map((each) => journal.create(each)));
  return {
    create: (each) => journal.create(each),
    put: (each) => journal.put(each),
    together,
    close: () => journal.close(),
  };
}

async function levelDb(folder) {
  const level = new ClassicLevel(join(folder, 'level'), { compression: false });
  await level.open();
  const put = (each) => level.put(each.id, JSON.stringify(each), { sync: true });
  const together = (records) =>
    level.batch(
      records.map((each) => ({ type: 'put', key: each.id, value: JSON.stringify(each) })),
      { sync: true },
    );
  return { create: put, put, together, close: () => level.close() };
}

export const timed = async (task) => {
  const started = performance.now();
  await task();
  return performance.now() - started;
};

/** Milliseconds of each contender, a number for each round: one write, and a crowd of them. */
async function writes(rounds) {
  const folder = mkdtempSync(join(tmpdir(), 'wxpay-face-bench-journal-'));
  const contenders = {
    bare: await bareLog(folder),
    FileJournal: await fileJournal(folder),
    LevelDB: await levelDb(folder),
  };
  const results = Object.fromEntries(Object.keys(contenders).map((name) => [name, { one: [], crowd: [] }]));
  for (let round = -warmUps; round < rounds; round += 1)
    for (const [name, contender] of Object.entries(contenders)) {
      const id = (index) => `${name}-${round}-${index}`;
      const one = await timed(async () => {
        for (let index = 0; index < onePerRound; index += 1) {
          await contender.create(record(id(index)));
          await contender.put(record(id(index), 2, true));
        }
      });
      const records = Array.from({ length: crowd }, (_, index) => record(id(`crowd-${index}`)));
      const together = await timed(() => contender.together(records));
      if (round < 0) continue;
      results[name].one.push(one / (2 * onePerRound));
      results[name].crowd.push(together);
    }
  for (const contender of Object.values(contenders)) await contender.close();
  rmSync(folder, { recursive: true });
  return results;
}

/** Milliseconds to open a journal of many records, warm, and to read and digest its file. */
async function openings(rounds) {
  const folder = mkdtempSync(join(tmpdir(), 'wxpay-face-bench-journal-'));
  const journal = await FileJournal.open(folder);
  for (let begin = 0; begin < many; begin += crowd)
    await Promise.all(
      Array.from({ length: crowd }, (_, index) => journal.create(record(`N${begin + index}`, 1, true))),
    );
  // One old record, so that all of it is compacted.
  await journal.create({ ...record('old', 1, true), updatedAt: 1 });
  await journal.prune(2);
  await journal.close();
  const results = { bare: [], open: [] };
  for (let round = 0; round < rounds; round += 1) {
    results.bare.push(
      await timed(
        async () =>
          void createHash('sha256')
            .update(readFileSync(join(folder, 'journal.log')))
            .digest(),
      ),
    );
    const opening = FileJournal.open(folder);
    results.open.push(await timed(() => opening));
    await (await opening).close();
  }
  rmSync(folder, { recursive: true });
  return results;
}

/** The two tables of the journal. */
export async function journalTables(rounds, { table, spread, digits, median }) {
  const written = await writes(rounds);
  const ratios = (name, what) => written[name][what].map((each, round) => each / written.bare[what][round]);
  const opened = await openings(rounds);
  return [
    `A record written to the journal, one at a time, and ${crowd} at once, beside a bare append and fdatasync of the same bytes, after ${warmUps} rounds that don't count:`,
    table(
      ['', 'one write ms', '÷ bare', `${crowd} at once ms`, '÷ bare'],
      Object.keys(written).map((name) => [
        name,
        digits(median(written[name].one)),
        name === 'bare' ? '–' : spread(ratios(name, 'one')),
        digits(median(written[name].crowd)),
        name === 'bare' ? '–' : spread(ratios(name, 'crowd')),
      ]),
    ),
    `A journal of ${many} finished records, compacted and warm, is opened:`,
    table(
      ['read and digested ms', 'opened ms', '÷'],
      [
        [
          digits(median(opened.bare)),
          digits(median(opened.open)),
          spread(opened.open.map((each, round) => each / opened.bare[round])),
        ],
      ],
    ),
  ];
}
