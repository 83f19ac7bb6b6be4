import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { FileJournal } from '../../lib/journal/file-journal.js';
import { record } from '../../lib/journal/sample-record.js';
import { folder, open, removeFolders } from '../support/journals.js';
import { rejection } from '../support/rejection.js';
import { skip } from '../support/skip.js';

const run = promisify(execFile);
const child = fileURLToPath(new URL('./faulty-child.js', import.meta.url));
const source = fileURLToPath(new URL('../../../../test/journal/faulty-sync.c', import.meta.url));
const isLong = process.env.WXPAY_FACE_TEST_LONG === '1';
const milliseconds = String(isLong ? 60_000 : 2_000);

describe('FileJournal on a disk that', function () {
  this.timeout(isLong ? 300_000 : 60_000);
  after(removeFolders);

  /** The library that makes a disk fail; undefined if nothing here can build it. */
  async function faultyLibrary(): Promise<string | undefined> {
    if (process.platform !== 'linux') return undefined;
    const library = join(await folder(), 'faulty-sync.so');
    try {
      await run('cc', ['-shared', '-fPIC', '-Wall', '-Werror', '-o', library, source, '-ldl']);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
    return library;
  }

  it('fails to sync now and then has what it told durable, and nothing that it refused', async function () {
    const library = await faultyLibrary();
    if (library === undefined) return skip(this, 'has no C compiler, or is not Linux');
    const flag = join(await folder(), 'faults');
    const env = { ...process.env, LD_PRELOAD: library, FAULTS_WHILE: flag, FAULTS_SYNC: '5' };
    const { stdout } = await run(process.execPath, [child, await folder(), flag, 'flag', milliseconds], { env });
    const { told, refused, wrong } = JSON.parse(stdout);
    expect(wrong).to.deep.equal([]);
    expect(told).to.be.greaterThan(20);
    expect(refused).to.be.greaterThan(5);
  });

  for (const file of ['journal.log', 'journal.head'])
    it(`says that it wrote its ${file}, and did not, is noticed at the next opening`, async function () {
      const library = await faultyLibrary();
      if (library === undefined) return skip(this, 'has no C compiler, or is not Linux');
      const directory = await folder();
      const journal = await open(directory);
      for (const id of ['A', 'B']) await journal.create(record(id));
      await journal.close();
      const flag = join(await folder(), 'faults');
      await writeFile(flag, '');
      const script = `import(${JSON.stringify(fileURLToPath(new URL('../../lib/journal/file-journal.js', import.meta.url)))})
        .then(async ({ FileJournal }) => {
          const journal = await FileJournal.open(${JSON.stringify(directory)}, { keep: Infinity });
          for (const id of ['C', 'D', 'E']) await journal.create({ ...${JSON.stringify(record(''))}, id });
          await journal.close();
        });`;
      const env = { ...process.env, LD_PRELOAD: library, FAULTS_WHILE: flag, FAULTS_LOSE: file };
      await run(process.execPath, ['-e', script], { env });
      await rm(flag);
      const error = await rejection(FileJournal.open(directory));
      expect(error).to.include({ code: 'ERR_JOURNAL_DAMAGED' });
      if (file === 'journal.log')
        expect(error)
          .to.have.property('message')
          .that.matches(/concerned: .*E.*D/);
    });

  it('is full at times has what it told durable, and nothing that it refused', async function () {
    const mount = 'mount -t tmpfs -o size=4m none "$0" && mkdir "$0/journal" && exec "$@"';
    const directory = await folder();
    const node = [process.execPath, child, join(directory, 'journal'), join(directory, 'filler'), 'fill', milliseconds];
    let stdout: string;
    try {
      ({ stdout } = await run('unshare', ['-m', 'sh', '-c', mount, directory, ...node]));
    } catch (error) {
      if (error instanceof Error && /ENOENT|not permitted|permission denied/i.test(error.message))
        return skip(this, 'mounts no file system for a test');
      throw error;
    }
    const { told, refused, wrong } = JSON.parse(stdout);
    expect(wrong).to.deep.equal([]);
    expect(told).to.be.greaterThan(20);
    expect(refused).to.be.greaterThan(5);
    expect(existsSync(join(directory, 'journal'))).to.equal(false);
  });
});
