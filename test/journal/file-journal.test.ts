import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, link, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect, promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { JournalError } from '../../lib/journal/errors.js';
import { FileJournal } from '../../lib/journal/file-journal.js';
import { record } from '../../lib/journal/sample-record.js';
import { all, folder, open, removeFolders } from '../support/journals.js';
import { rejection } from '../support/rejection.js';
import { skip } from '../support/skip.js';

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

const done = { finished: true, acknowledged: true };
const ids = async (journal: FileJournal): Promise<string[]> => (await all(journal)).map(({ id }) => id);

after(removeFolders);

describe('FileJournal', () => {
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

  it('still writes what was asked for before it was closed, one after the other for one payment', async () => {
    const directory = await folder();
    const journal = await open(directory);
    const revisions = [1, 2, 3, 4].map((revision) => record('A', { revision }));
    const writes = revisions.map((each) => (each.revision === 1 ? journal.create(each) : journal.put(each)));
    await journal.close();
    await Promise.all(writes);
    const again = await open(directory);
    expect(await again.get('payment', 'A')).to.deep.equal(record('A', { revision: 4 }));
    await again.close();
  });

  it('is a text that a person can read, a line for each write, and those at once in one', async () => {
    const directory = await folder();
    const journal = await open(directory);
    const data = { note: '付款码支付' };
    await journal.create(record('A', { data }));
    await Promise.all(['B', 'C', 'D'].map((id) => journal.create(record(id, { data }))));
    await journal.close();
    const lines = (await readFile(join(directory, 'journal.log'), 'utf8')).trimEnd().split('\n');
    expect(lines).to.have.length(4);
    expect(lines[0]).to.match(
      /^[0-9a-f]{8} 0 0{32} \{"journal":"wxpay-face","version":1,"id":"[^"]+","layout":"[^"]+"\}$/,
    );
    expect(lines[2]).to.match(/^[0-9a-f]{8} 1 [0-9a-f]{32} \[\{"schema":1,"kind":"payment","id":"A",.*付款码支付/);
    expect(lines[3]).to.match(/^[0-9a-f]{8} 2 [0-9a-f]{32} \[\{.*"id":"B".*,\t\{.*"id":"C".*,\t\{.*"id":"D"/);
  });

  it('forgets at its opening what is finished, acknowledged and older than `keep`, and nothing else', async () => {
    const directory = await folder();
    const journal = await open(directory);
    const day = 24 * 60 * 60 * 1000;
    for (const each of [
      record('old', { ...done, updatedAt: Date.now() - 401 * day }),
      record('new', { ...done, updatedAt: Date.now() - 399 * day }),
      record('unheard', { finished: true }),
      record('unfinished'),
    ])
      await journal.create(each);
    await journal.close();
    const again = await FileJournal.open(directory);
    expect(await ids(again)).to.deep.equal(['new', 'unfinished', 'unheard']);
    await again.close();
    const sooner = await FileJournal.open(directory, { keep: 0 });
    expect(await ids(sooner)).to.not.include('new');
    await sooner.close();
    expect(await readFile(join(directory, 'journal.log'), 'utf8')).to.not.include('"new"');
  });

  for (const [option, value] of [
    ['keep', -1],
    ['keep', Number.NaN],
    ['keep', null],
    ['keep', '5'],
    ['mirror', 5],
  ] as const)
    it(`refuses \`${option}\` of ${inspect(value)}`, async () => {
      const directory = await folder();
      // As a program in JavaScript might.
      const error = await rejection(Reflect.apply(FileJournal.open, FileJournal, [directory, { [option]: value }]));
      expect(error).to.include({ code: 'ERR_INVALID_PARAMETER', parameter: option });
    });

  it('is for its owner alone', async function () {
    if (windows) return skip(this, 'has no such permissions');
    const directory = join(await folder(), 'till', 'payments');
    await (await open(directory)).close();
    const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    expect(await mode(directory)).to.equal('700');
    for (const name of await readdir(directory)) expect(await mode(join(directory, name)), name).to.equal('600');
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
    'as the mirror of another': async (directory) => rejection(open(await folder(), { mirror: directory })),
    'as its own mirror': async (directory) => rejection(open(directory, { mirror: directory })),
    'from a worker': async (directory) => {
      const worker = new Worker(child, { argv: [directory], stdout: true });
      const [said] = await once(worker.stdout, 'data');
      await worker.terminate();
      return { code: String(said).trim() };
    },
    'by another name': async (directory) => {
      const other = join(await folder(), 'link');
      await symlink(directory, other);
      return rejection(open(other));
    },
    'by links to its files': async (directory) => {
      const other = await folder();
      for (const name of ['journal.log', 'journal.head']) await link(join(directory, name), join(other, name));
      return rejection(open(other));
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
    // Units of 512 bytes: the head's second place is beyond it, so a few lines less than a MiB of log.
    const limited = ['-c', 'ulimit -S -f 2060; exec "$@"', 'sh', process.execPath, script, await folder()];
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

  it('refuses a record that is longer than a line may be, and goes on', async () => {
    const journal = await open(await folder());
    const error = await rejection(journal.create(record('long', { data: { note: 'x'.repeat(1_000_000) } })));
    expect(error).to.be.instanceOf(JournalError).and.include({ code: 'ERR_JOURNAL' });
    await journal.create(record('A'));
    expect(await ids(journal)).to.deep.equal(['A']);
    await journal.close();
  });
});

describe('FileJournal that is only read', () => {
  it('reads beside the process that writes, as it was when it was opened, and refuses to write', async () => {
    const directory = await folder();
    const writer = await open(directory);
    await writer.create(record('A'));
    const reader = await open(directory, { readOnly: true });
    await writer.create(record('B', { finished: true }));
    expect(await ids(reader)).to.deep.equal(['A']);
    for (const use of [reader.create(record('C')), reader.put(record('A', { revision: 2 })), reader.prune(0)])
      expect(await rejection(use)).to.be.instanceOf(JournalError);
    const later = await open(directory, { readOnly: true });
    expect(await ids(later)).to.deep.equal(['A', 'B']);
    await Promise.all([reader, later].map((each) => each.close()));
    await writer.close();
  });

  it('reads on after the writer has compacted', async function () {
    if (windows) return skip(this, 'replaces no file that is open');
    const directory = await folder();
    const writer = await open(directory);
    await writer.create(record('old', done));
    await writer.create(record('B', { finished: true }));
    const reader = await open(directory, { readOnly: true });
    await writer.prune(2_000);
    expect(await ids(writer)).to.deep.equal(['B']);
    expect(await ids(reader)).to.deep.equal(['B', 'old']);
    await reader.close();
    await writer.close();
  });

  it('takes no folder without a journal for one, and makes none', async () => {
    const directory = await folder();
    expect(await rejection(open(directory, { readOnly: true }))).to.include({ code: 'ERR_JOURNAL' });
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('never takes a journal for damaged because it is being written', async () => {
    const directory = await folder();
    const writer = await open(directory);
    let isDone = false;
    const reading = (async () => {
      while (!isDone) await (await open(directory, { readOnly: true })).close();
    })();
    for (let index = 0; index < 300; index += 1) {
      await writer.create(record(`N${index}`, { ...done, data: { note: 'x'.repeat(index) } }));
      // Windows replaces no file that somebody reads.
      const refused = (error: unknown) => {
        if (process.platform !== 'win32') throw error;
      };
      if (index % 40 === 39) await writer.prune(2_000).catch(refused);
    }
    isDone = true;
    await reading;
    await writer.close();
  });
});

describe('FileJournal with a mirror', () => {
  /** A journal of some payments in two folders, closed. */
  async function mirrored(): Promise<{ directory: string; mirror: string }> {
    const [directory, mirror] = [await folder(), await folder()];
    const journal = await open(directory, { mirror });
    for (const id of ['A', 'B', 'C', 'D']) await journal.create(record(id));
    await journal.close();
    return { directory, mirror };
  }

  async function warningsOf(task: () => Promise<void>): Promise<string[]> {
    const warnings: string[] = [];
    const hear = (warning: Error) => void warnings.push(warning.message);
    process.on('warning', hear);
    await task();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', hear);
    return warnings;
  }

  it('writes the same into both', async () => {
    const { directory, mirror } = await mirrored();
    for (const name of ['journal.log', 'journal.head'])
      expect(await readFile(join(directory, name))).to.deep.equal(await readFile(join(mirror, name)));
  });

  const losses: Record<string, (directory: string) => Promise<void>> = {
    'its log': (directory) => rm(join(directory, 'journal.log')),
    'its head': (directory) => rm(join(directory, 'journal.head')),
    'all that it had': (directory) => rm(directory, { recursive: true }),
    'the end of its log': async (directory) => {
      const path = join(directory, 'journal.log');
      await writeFile(path, (await readFile(path)).subarray(0, 400));
    },
    'the last day': async (directory) => {
      const older = await folder();
      const journal = await open(older);
      await journal.create(record('A'));
      await journal.close();
      // The same journal at an earlier moment: cut, with the head that it had.
      const log = await readFile(join(directory, 'journal.log'));
      const lines = log.toString('latin1').split('\n');
      await writeFile(join(directory, 'journal.log'), `${lines.slice(0, 3).join('\n')}\n`, 'latin1');
      const head = Buffer.alloc(2 ** 20 + 1_000);
      head.write(`${lines[2]}\n`, 2 ** 20, 'latin1');
      await writeFile(join(directory, 'journal.head'), head);
    },
  };
  for (const [what, lose] of Object.entries(losses))
    for (const which of ['directory', 'mirror'] as const)
      it(`has what ${which === 'mirror' ? 'the mirror' : 'the first'} lost: ${what}; says so, and mends it`, async () => {
        const folders = await mirrored();
        await lose(folders[which]);
        const used = which === 'mirror' ? folders.directory : folders.mirror;
        const warnings = await warningsOf(async () => {
          const journal = await open(folders.directory, { mirror: folders.mirror });
          expect(await ids(journal)).to.deep.equal(['A', 'B', 'C', 'D']);
          await journal.create(record('E'));
          await journal.close();
        });
        const isNewMirror = which === 'mirror' && what === 'all that it had';
        if (isNewMirror) expect(warnings).to.deep.equal([]);
        else expect(warnings.join()).to.include(`The journal in ${used} is used`);
        for (const directory of [folders.directory, folders.mirror]) {
          const alone = await open(directory);
          expect(await ids(alone)).to.deep.equal(['A', 'B', 'C', 'D', 'E']);
          await alone.close();
        }
      });

  it('keeps the log of a damaged copy', async () => {
    const { directory, mirror } = await mirrored();
    const path = join(directory, 'journal.log');
    const damaged = (await readFile(path)).fill('x', 300, 310);
    await writeFile(path, damaged);
    await (await open(directory, { mirror })).close();
    const kept = (await readdir(directory)).find((name) => name.startsWith('damaged-'));
    expect(await readFile(join(directory, kept ?? ''))).to.deep.equal(damaged);
  });

  it('refuses the mirror of another till, and one that was used apart', async () => {
    const [one, other] = [await mirrored(), await mirrored()];
    expect(await rejection(open(one.directory, { mirror: other.mirror }))).to.include({ code: 'ERR_JOURNAL_DAMAGED' });
    for (const directory of [one.directory, one.mirror]) {
      const alone = await open(directory);
      await alone.create(record(`apart-${directory}`));
      if (directory === one.mirror) await alone.create(record('more'));
      await alone.close();
    }
    expect(await rejection(open(one.directory, { mirror: one.mirror }))).to.include({ code: 'ERR_JOURNAL_DAMAGED' });
  });

  it('refuses if what was durable is in neither', async () => {
    const { directory, mirror } = await mirrored();
    for (const each of [directory, mirror]) {
      const path = join(each, 'journal.log');
      await writeFile(path, (await readFile(path)).subarray(0, each === mirror ? 500 : 600));
    }
    expect(await rejection(open(directory, { mirror }))).to.include({ code: 'ERR_JOURNAL_DAMAGED' });
  });
});

describe('FileJournal as it grows', function () {
  this.timeout(60_000);

  it('is made anew by itself when most of it is of the past, while it is written', async () => {
    const directory = await folder();
    const journal = await open(directory);
    const note = 'x'.repeat(40_000);
    let size = 0;
    for (let revision = 1; revision <= 300; revision += 1) {
      const next = record('A', { revision, data: { note, revision } });
      await (revision === 1 ? journal.create(next) : journal.put(next));
      if (revision % 30 === 0) await journal.create(record(`N${revision}`, { finished: true }));
      size = Math.max(size, (await stat(join(directory, 'journal.log'))).size);
    }
    expect(size).to.be.lessThan(10_000_000);
    expect(await journal.get('payment', 'A')).to.deep.equal(
      record('A', { revision: 300, data: { note, revision: 300 } }),
    );
    expect(await ids(journal)).to.have.length(11);
    await journal.close();
    const again = await open(directory);
    expect(await ids(again)).to.have.length(11);
    expect((await again.get('payment', 'N30'))?.finished).to.equal(true);
    await again.close();
  });

  it('forgets three thousand old records with one rewrite, and keeps what comes meanwhile', async () => {
    const directory = await folder();
    const journal = await open(directory);
    await Promise.all(Array.from({ length: 3_000 }, (_, index) => journal.create(record(`old-${index}`, done))));
    const [pruned] = await Promise.all([
      journal.prune(2_000),
      journal.put(record('old-7', { revision: 2 })),
      ...Array.from({ length: 50 }, (_, index) => journal.create(record(`new-${index}`, done))),
    ]);
    expect(pruned).to.be.within(2_999, 3_050);
    const left = await ids(journal);
    expect(left).to.include('old-7');
    await journal.close();
    const again = await open(directory);
    expect(await ids(again)).to.deep.equal(left);
    expect(await again.get('payment', 'old-7')).to.deep.equal(record('old-7', { revision: 2 }));
    await again.close();
  });

  it('does without a compaction that has no room, and leaves nothing of it', async () => {
    const directory = await folder();
    const journal = await open(directory);
    await journal.create(record('old', done));
    // A folder in the place of the new file.
    await mkdir(join(directory, 'journal.new'));
    expect(await rejection(journal.prune(2_000))).to.include({ code: 'ERR_JOURNAL' });
    await journal.create(record('A'));
    expect(await ids(journal)).to.deep.equal(['A', 'old']);
    await journal.close();
  });

  it('opens a copy of its folder', async () => {
    const [directory, copy] = [await folder(), await folder()];
    const journal = await open(directory);
    await journal.create(record('A'));
    await journal.close();
    for (const name of await readdir(directory)) await copyFile(join(directory, name), join(copy, name));
    await rename(directory, `${directory}-away`);
    const copied = await open(copy);
    expect(await ids(copied)).to.deep.equal(['A']);
    await copied.close();
    await rename(`${directory}-away`, directory);
  });
});
