import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect, promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import fc from 'fast-check';
import { JournalError, OrderExistsError } from '../../lib/journal/errors.js';
import type { Journal, JournalRecord } from '../../lib/journal/journal.js';
import { crc32c, damageInLog } from '../../lib/journal/level-files.js';
import { LevelJournal } from '../../lib/journal/level-journal.js';
import { MemoryJournal } from '../../lib/journal/memory-journal.js';
import { skip } from '../skip.js';

const record = (id: string, change: Partial<JournalRecord> = {}): JournalRecord => ({
  schema: 1,
  kind: 'payment',
  id,
  revision: 1,
  state: 'submitting',
  finished: false,
  acknowledged: false,
  updatedAt: 1_000,
  data: { note: '付款码支付' },
  ...change,
});

async function all(journal: Journal, filter?: Parameters<Journal['list']>[0]): Promise<JournalRecord[]> {
  const records = [];
  for await (const each of journal.list(filter)) records.push(each);
  return records;
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('nothing was thrown'),
    (error: unknown) => error,
  );
}

const folders: string[] = [];
async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'wxpay-face-journal-'));
  folders.push(made);
  return made;
}
// Audits are kept for ever here: the records of these tests are from 1970.
const open = (directory: string) => LevelJournal.open(directory, { keep: Number.POSITIVE_INFINITY });

after(async () => {
  for (const each of folders) await rm(each, { recursive: true, force: true });
});

const windows = process.platform === 'win32';
const child = fileURLToPath(new URL('./journal-child.js', import.meta.url));

/** Opens a journal in a process of its own, which holds it until its end. */
async function otherProcess(directory: string): Promise<{ said: string; end: () => Promise<void> }> {
  const other = spawn(process.execPath, [child, directory], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [said] = await once(other.stdout, 'data');
  const end = async () => {
    if (other.exitCode !== null) return;
    other.kill('SIGKILL');
    await once(other, 'exit');
  };
  return { said: String(said).trim(), end };
}

const kinds: Record<string, () => Promise<Journal>> = {
  MemoryJournal: async () => new MemoryJournal(),
  LevelJournal: async () => open(await folder()),
};

for (const [name, make] of Object.entries(kinds))
  describe(name, () => {
    let journal: Journal;
    beforeEach(async () => {
      journal = await make();
    });
    afterEach(() => journal.close());

    it('gives back what it was given, and nothing for a number that it never saw', async () => {
      await journal.create(record('A'));
      expect(await journal.get('payment', 'A')).to.deep.equal(record('A'));
      expect(await journal.get('payment', 'B')).to.equal(undefined);
    });

    it('takes one of two concurrent payments of one number', async () => {
      const results = await Promise.allSettled([journal.create(record('A')), journal.create(record('A'))]);
      expect(results.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected']);
      const refused = results.find((result) => result.status === 'rejected');
      expect(refused?.reason).to.be.instanceOf(OrderExistsError).and.include({ id: 'A' });
    });

    it('refuses an update that would undo another', async () => {
      await journal.create(record('A'));
      await journal.put(record('A', { revision: 2, state: 'polling' }));
      for (const revision of [1, 2, 4])
        expect(await rejection(journal.put(record('A', { revision })))).to.be.instanceOf(JournalError);
      const concurrent = await Promise.allSettled([
        journal.put(record('A', { revision: 3, state: 'paid' })),
        journal.put(record('A', { revision: 3, state: 'reversing' })),
      ]);
      expect(concurrent.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    });

    it('refuses an update of a number that it never saw, and records of another schema', async () => {
      expect(await rejection(journal.put(record('A', { revision: 2 })))).to.be.instanceOf(JournalError);
      const other: unknown = { ...record('A'), schema: 2 };
      // As a program in JavaScript might.
      expect(await rejection(Reflect.apply(journal.create, journal, [other]))).to.be.instanceOf(JournalError);
      expect(await rejection(journal.create(record('A', { revision: 2 })))).to.be.instanceOf(JournalError);
    });

    it('keeps what it was given when the giver changes it', async () => {
      const given = record('A');
      await journal.create(given);
      given.data.note = 'changed';
      const got = await journal.get('payment', 'A');
      if (got) got.data.note = 'changed';
      expect(await journal.get('payment', 'A')).to.deep.equal(record('A'));
    });

    it('lists while it is written to', async () => {
      for (const number of ['A', 'B', 'C']) await journal.create(record(number));
      const seen = [];
      for await (const each of journal.list({ finished: false })) {
        seen.push(each.id);
        await journal.put({ ...each, revision: each.revision + 1, finished: true });
      }
      expect(seen).to.deep.equal(['A', 'B', 'C']);
      expect(await all(journal, { finished: false })).to.deep.equal([]);
    });

    it('can be left in the middle of a list', async () => {
      for (const number of ['A', 'B']) await journal.create(record(number));
      for await (const _ of journal.list()) break;
      await journal.put(record('A', { revision: 2 }));
    });

    it('says that it was closed', async () => {
      await journal.close();
      for (const use of [
        journal.create(record('A')),
        journal.put(record('A', { revision: 2 })),
        journal.get('payment', 'A'),
        all(journal),
        journal.prune(0),
      ])
        expect(await rejection(use)).to.include({ code: 'ERR_CLOSED' });
      await journal.close();
    });

    it('does what a plain map would do, whatever is asked of it', async () => {
      const numbers = fc.constantFrom('A', 'B', 'C-1', '*|_');
      const change = fc.record({
        finished: fc.boolean(),
        acknowledged: fc.boolean(),
        updatedAt: fc.integer({ min: 0, max: 10 }),
        revision: fc.integer({ min: 1, max: 4 }),
      });
      const filter = fc.record({ finished: fc.boolean(), acknowledged: fc.boolean() }, { requiredKeys: [] });
      const steps = fc.array(
        fc.oneof(
          fc.tuple(fc.constant('create' as const), numbers, change),
          fc.tuple(fc.constant('put' as const), numbers, change),
          fc.tuple(fc.constant('list' as const), filter),
          fc.tuple(fc.constant('prune' as const), fc.integer({ min: 0, max: 10 })),
        ),
        { maxLength: 25 },
      );
      await fc.assert(
        fc.asyncProperty(steps, async (given) => {
          const tested = await make();
          const model = new Map<string, JournalRecord>();
          const listed = ({ finished, acknowledged }: Partial<JournalRecord>) =>
            [...model.values()]
              .filter((each) => finished === undefined || each.finished === finished)
              .filter((each) => acknowledged === undefined || each.acknowledged === acknowledged)
              .sort((one, other) => (one.id < other.id ? -1 : 1));
          const isDone = (done: Promise<void>) =>
            done.then(
              () => true,
              () => false,
            );
          for (const step of given) {
            if (step[0] === 'list') expect(await all(tested, step[1])).to.deep.equal(listed(step[1]));
            else if (step[0] === 'prune') {
              const old = listed({ finished: true, acknowledged: true }).filter(({ updatedAt }) => updatedAt < step[1]);
              for (const { id } of old) model.delete(id);
              expect(await tested.prune(step[1])).to.equal(old.length);
            } else {
              const next = record(step[1], { ...step[2] });
              const before = model.get(next.id);
              const isRight =
                step[0] === 'create' ? !before && next.revision === 1 : next.revision === (before?.revision ?? 9) + 1;
              if (isRight) model.set(next.id, next);
              expect(await isDone(tested[step[0]](next)), `${step[0]} ${JSON.stringify(next)}`).to.equal(isRight);
            }
          }
          expect(await all(tested)).to.deep.equal(listed({}));
          await tested.close();
        }),
        { numRuns: name === 'LevelJournal' ? 15 : 200 },
      );
    });
  });

describe('LevelJournal on the disk', () => {
  it('knows its payments when it is opened again', async () => {
    const directory = await folder();
    const first = await open(directory);
    await first.create(record('A'));
    await first.put(record('A', { revision: 2, state: 'polling' }));
    await first.close();
    const second = await open(directory);
    expect(await all(second)).to.deep.equal([record('A', { revision: 2, state: 'polling' })]);
    await second.close();
  });

  it('forgets at its opening what is finished, acknowledged and older than `keep`, and nothing else', async () => {
    const directory = await folder();
    const journal = await open(directory);
    const now = Date.now();
    const done = { finished: true, acknowledged: true };
    for (const each of [
      record('old', { ...done }),
      record('new', { ...done, updatedAt: now }),
      record('unheard', { ...done, acknowledged: false }),
      record('unfinished'),
    ])
      await journal.create(each);
    await journal.close();
    const again = await LevelJournal.open(directory);
    expect((await all(again)).map(({ id }) => id)).to.deep.equal(['new', 'unfinished', 'unheard']);
    await again.close();
    const sooner = await LevelJournal.open(directory, { keep: 0 });
    expect((await all(sooner)).map(({ id }) => id)).to.not.include('new');
    await sooner.close();
  });

  for (const keep of [-1, Number.NaN, null, '5', []])
    it(`refuses a \`keep\` that is no duration: ${inspect(keep)}`, async () => {
      const directory = await folder();
      // As a program in JavaScript might.
      const error = await rejection(Reflect.apply(LevelJournal.open, LevelJournal, [directory, { keep }]));
      expect(error).to.include({ code: 'ERR_INVALID_PARAMETER', parameter: 'keep' });
    });

  it('tells a second process at once that the first has it open, and lets it in when the first was killed', async () => {
    const directory = await folder();
    const other = await otherProcess(directory);
    expect(other.said).to.equal('open');
    expect(await rejection(open(directory)))
      .to.be.instanceOf(JournalError)
      .and.include({ code: 'ERR_JOURNAL_LOCKED' });
    await other.end();
    await (await open(directory)).close();
  });

  const openings: Record<string, (directory: string) => Promise<unknown>> = {
    'a second time': async (directory) => rejection(open(directory)),
    'twice at once': async (directory) =>
      (await Promise.all([open, open].map((each) => rejection(each(directory)))))[1],
    'from a worker': async (directory) => {
      const worker = new Worker(child, { argv: [directory], stdout: true });
      const [said] = await once(worker.stdout, 'data');
      await worker.terminate();
      return { code: String(said).trim() };
    },
    'by another name': async (directory) => {
      const link = join(await folder(), 'link');
      await symlink(directory, link);
      return rejection(open(link));
    },
  };
  for (const [how, openAgain] of Object.entries(openings))
    it(`opened ${how} in one process refuses, and stays locked to others`, async function () {
      if (how === 'by another name' && windows) return skip(this, 'links need a right of their own');
      const directory = await folder();
      const journal = await open(directory);
      expect(await openAgain(directory)).to.include({ code: 'ERR_JOURNAL_LOCKED' });
      const other = await otherProcess(directory);
      expect(other.said).to.equal('ERR_JOURNAL_LOCKED');
      await other.end();
      await journal.create(record('A'));
      expect(await all(journal)).to.have.length(1);
      await journal.close();
      await (await open(directory)).close();
    });

  it('refuses what a full disk does not take, and takes it up again with all that it had', async function () {
    if (windows) return skip(this, 'has no limit for the size of a file');
    const script = fileURLToPath(new URL('./journal-full-child.js', import.meta.url));
    // Units of 512 bytes: in the middle of a block of 32 KiB. What grows beyond it fails as on a full disk.
    const limited = ['-c', 'ulimit -S -f 50; exec "$@"', 'sh', process.execPath, script, await folder()];
    const { stdout } = await promisify(execFile)('sh', limited);
    const { taken, held, refusals, while_full, readable } = JSON.parse(stdout);
    expect(refusals).to.deep.equal(['ERR_JOURNAL']);
    expect(while_full).to.deep.equal([false, false]);
    expect(readable).to.equal('before-0');
    expect(taken).to.include.members(['before-20', 'after-1', 'after-2', 'after-3', 'after-4', 'after-5']);
    expect(held).to.have.members(taken);
  });

  it('refuses a folder that is none', async () => {
    const file = join(await folder(), 'file');
    await writeFile(file, '');
    expect(await rejection(open(file)))
      .to.be.instanceOf(JournalError)
      .and.include({ code: 'ERR_JOURNAL' });
  });
});

/** A journal of some payments, closed, and the bytes of its files. */
async function written(): Promise<{ directory: string; log: string; bytes: Buffer; history: JournalRecord[][] }> {
  const directory = await folder();
  const journal = await open(directory);
  const history = [await all(journal)];
  for (const number of ['A', 'B', 'C'])
    for (const revision of [1, 2, 3]) {
      const next = record(number, { revision, data: { note: `${number}${'付'.repeat(revision * 40)}` } });
      await (revision === 1 ? journal.create(next) : journal.put(next));
      history.push(await all(journal));
    }
  await journal.close();
  const log = join(directory, (await readdir(directory)).find((each) => each.endsWith('.log')) ?? '');
  return { directory, log, bytes: await readFile(log), history };
}

/** What a journal holds after its files were changed, or how it refused. */
async function reopened(directory: string): Promise<JournalRecord[] | unknown> {
  try {
    const journal = await open(directory);
    try {
      return await all(journal);
    } finally {
      await journal.close();
    }
  } catch (error) {
    return error;
  }
}

async function copied(files: Record<string, Buffer>): Promise<string> {
  const directory = await folder();
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(directory, name), bytes);
  return directory;
}

async function filesOf(directory: string): Promise<Record<string, Buffer>> {
  const names = (await readdir(directory)).filter((name) => name !== 'LOCK' && !name.startsWith('LOG'));
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name))])),
  );
}

describe('LevelJournal after its files were damaged', function () {
  this.timeout(60_000);

  it('computes the checksum that LevelDB does', () => {
    // RFC 3720, B.4.
    expect(crc32c(Buffer.alloc(32))).to.equal(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).to.equal(0x62a8ab43);
  });

  it('knows each payment as it was before, where the power went off in the middle of a write', async () => {
    const { log, bytes, history, directory } = await written();
    const files = await filesOf(directory);
    const name = log.slice(directory.length + 1);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length }), fc.boolean(), async (length, isFilled) => {
        const end = isFilled ? Buffer.alloc(bytes.length - length) : Buffer.alloc(0);
        const torn = await copied({ ...files, [name]: Buffer.concat([bytes.subarray(0, length), end]) });
        expect(history).to.deep.include(await reopened(torn));
      }),
      { numRuns: 40 },
    );
  });

  it('refuses to open, rather than lose a payment in silence, where a byte of its log was changed', async () => {
    const { bytes } = await written();
    // All but the last record's length, which can't be told from a write that never ended.
    const offsets = Array.from({ length: bytes.length }, (_, offset) => offset);
    const missed = offsets.filter((offset) => {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(offset) ^ 0x10, offset);
      return damageInLog(changed) === undefined;
    });
    expect(missed.length).to.be.at.most(2);
    expect(missed.every((offset) => offset > bytes.length - 1_000)).to.equal(true);
  });

  it('says so, and changes nothing, so that the next start says so too', async () => {
    const { directory, log, bytes } = await written();
    bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
    await writeFile(log, bytes);
    const before = await filesOf(directory);
    for (let start = 0; start < 2; start += 1)
      expect(await reopened(directory))
        .to.be.instanceOf(JournalError)
        .and.have.property('message')
        .that.matches(/damaged.*gateway's bill/);
    expect(await filesOf(directory)).to.deep.equal(before);
  });

  for (const kind of ['.ldb', 'MANIFEST', 'CURRENT'])
    it(`loses nothing in silence where a bit of its ${kind} was changed`, async () => {
      const { directory, history } = await written();
      // Opening moves the log into a table.
      await (await open(directory)).close();
      const files = await filesOf(directory);
      const name = Object.keys(files).find((each) => each.includes(kind)) ?? '';
      const bytes = files[name] ?? Buffer.alloc(0);
      const bits = fc.integer({ min: 0, max: 8 * bytes.length - 1 });
      await fc.assert(
        fc.asyncProperty(bits, async (bit) => {
          const changed = Buffer.from(bytes);
          changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
          const result = await reopened(await copied({ ...files, [name]: changed }));
          if (!(result instanceof JournalError)) expect(result).to.deep.equal(history.at(-1));
        }),
        { numRuns: 100 },
      );
    });

  it('opens where a table was left half written by a process that died', async () => {
    const { directory, history } = await written();
    await writeFile(join(directory, '000099.ldb'), 'half');
    expect(await reopened(directory)).to.deep.equal(history.at(-1));
  });

  it('opens where there is more than one table, and a log of many blocks', async () => {
    const directory = await folder();
    const expected: JournalRecord[] = [];
    for (let start = 0; start < 3; start += 1) {
      const journal = await open(directory);
      for (let index = 0; index < 40; index += 1) {
        expected.push(
          record(`${start}${String(index).padStart(3, '0')}`, { data: { note: 'x'.repeat(5_000 + 37 * index) } }),
        );
        await journal.create(expected.at(-1) ?? record(''));
      }
      await journal.close();
    }
    expect(await reopened(directory)).to.deep.equal(expected);
  });

  for (const lost of ['CURRENT', 'MANIFEST', '.ldb', '.log'])
    it(`says so where its ${lost} is lost`, async () => {
      const { directory } = await written();
      await (await open(directory)).close();
      const files = await filesOf(directory);
      const name = Object.keys(files).find((each) => each.includes(lost)) ?? '';
      const { [name]: _, ...rest } = files;
      expect(await reopened(await copied(rest)), 'missing').to.be.instanceOf(JournalError);
      // A log begins empty.
      if (lost === '.log') return;
      expect(await reopened(await copied({ ...rest, [name]: Buffer.alloc(0) })), 'empty').to.be.instanceOf(
        JournalError,
      );
    });
});
