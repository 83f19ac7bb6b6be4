import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { type FileLock, lockFile } from '../../lib/addon.js';
import { addonPath, thrown } from '../support/native.js';
import { skip } from '../support/skip.js';

const windows = process.platform === 'win32';

// Takes the lock, says so, and does what it is told; in a process or a worker.
const holder = `
  const [addon, path, then] = require('node:worker_threads').workerData ?? process.argv.slice(1);
  let lock;
  try {
    lock = require(addon).lockFile(path);
  } catch (error) {
    lock = error;
  }
  const said = lock instanceof Error ? String(lock.code) : 'locked';
  const { parentPort } = require('node:worker_threads');
  if (parentPort) parentPort.postMessage(said);
  else process.send(said);
  lock = undefined;
  const ends = {
    'process.exit': () => process.exit(0),
    'an uncaught exception': () => { throw new Error('on purpose'); },
    'abort': () => process.abort(),
    'a kill': () => setInterval(() => {}, 1000),
    'collect': () => { global.gc(); setInterval(() => {}, 1000); },
    'its child': () => {
      const lives = 'setInterval(() => {}, 1000)';
      const child = require('node:child_process').spawn(process.execPath, ['-e', lives], { detached: true, stdio: 'inherit' });
      child.once('spawn', () => { process.send(child.pid, () => process.exit(0)); });
    },
  };
  if (then) setImmediate(ends[then]);
`;

describe('addon: a file lock', () => {
  let folder: string;
  let path: string;
  const held: FileLock[] = [];
  const children: ChildProcess[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wxpay-face-lock-'));
    path = join(folder, '收银 till.lock');
  });
  afterEach(async () => {
    for (const lock of held.splice(0)) lock.release();
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, maxRetries: 10 });
  });

  function take(name = path): FileLock {
    const lock = lockFile(name);
    held.push(lock);
    return lock;
  }
  const codeOf = (name: string) => thrown(() => take(name)).code;

  function start(then: string): ChildProcess {
    const child = spawn(process.execPath, ['--expose-gc', '-e', holder, addonPath, path, then], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    children.push(child);
    return child;
  }
  async function said(child: ChildProcess): Promise<unknown> {
    const [message] = await once(child, 'message');
    return message;
  }

  it('is taken, let go of and taken again', () => {
    const first = take();
    expect(codeOf(path)).to.equal('ELOCKED');
    first.release();
    first.release();
    const second = take();
    first.release();
    expect(codeOf(path), 'while the second one has it').to.equal('ELOCKED');
    second.release();
    take();
  });

  for (const [name, another] of [
    ['a relative path', () => relative(process.cwd(), path)],
    [
      'a hard link',
      () => {
        linkSync(path, join(folder, 'hard'));
        return join(folder, 'hard');
      },
    ],
    [
      'a symbolic link',
      () => {
        symlinkSync(path, join(folder, 'soft'));
        return join(folder, 'soft');
      },
    ],
    [
      'a link to its folder',
      () => {
        symlinkSync(folder, `${folder}-link`, 'junction');
        return join(`${folder}-link`, '收银 till.lock');
      },
    ],
    ...(windows ? ([['other letters', () => join(folder, '收银 TILL.LOCK')]] as const) : []),
  ] as const)
    it(`is refused by ${name}`, function () {
      take();
      let other: string | undefined;
      try {
        other = another();
      } catch {}
      // Wine says that it has made a symbolic link, and hasn't.
      if (other === undefined || !existsSync(other)) return skip(this, 'this system makes no such link');
      try {
        expect(codeOf(other)).to.equal('ELOCKED');
      } finally {
        rmSync(`${folder}-link`, { force: true });
      }
    });

  it('is refused to a worker', async () => {
    take();
    const worker = new Worker(holder, { eval: true, workerData: [addonPath, path] });
    expect(await once(worker, 'message')).to.deep.equal(['ELOCKED']);
    await worker.terminate();
    expect(codeOf(path), 'after the worker').to.equal('ELOCKED');
  });

  it('goes with the worker that has it', async () => {
    const worker = new Worker(holder, { eval: true, workerData: [addonPath, path, 'a kill'] });
    expect(await once(worker, 'message')).to.deep.equal(['locked']);
    expect(codeOf(path)).to.equal('ELOCKED');
    await worker.terminate();
    take();
  });

  it('is refused to another process', async () => {
    take();
    expect(await said(start(''))).to.equal('ELOCKED');
  });

  for (const end of ['process.exit', 'an uncaught exception', 'abort', 'a kill'])
    it(`goes with a process that ends by ${end}`, async () => {
      const child = start(end);
      const ended = once(child, 'exit');
      expect(await said(child)).to.equal('locked');
      if (end === 'a kill') {
        expect(codeOf(path)).to.equal('ELOCKED');
        child.kill('SIGKILL');
      }
      await ended;
      take();
    });

  it('stays when nothing in the program refers to it any more', async () => {
    const child = start('collect');
    expect(await said(child)).to.equal('locked');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(codeOf(path)).to.equal('ELOCKED');
  });

  it('goes with the process although a child of it lives on', async () => {
    const child = start('its child');
    const ended = once(child, 'exit');
    expect(await said(child)).to.equal('locked');
    const grandchild = Number(await said(child));
    try {
      await ended;
      take();
    } finally {
      process.kill(grandchild, 'SIGKILL');
    }
  });

  it('leaves what the file holds to others', () => {
    writeFileSync(path, 'before');
    take();
    expect(readFileSync(path, 'utf8')).to.equal('before');
    writeFileSync(path, 'process 42');
    expect(readFileSync(path, 'utf8')).to.equal('process 42');
    expect(codeOf(path)).to.equal('ELOCKED');
  });

  it('can not be removed on Windows, and is taken from a removed file elsewhere', () => {
    take();
    if (windows) {
      // rmSync ends Node.js 24 here, instead of throwing.
      expect(() => unlinkSync(path)).to.throw();
      return;
    }
    rmSync(path);
    take();
    expect(codeOf(path)).to.equal('ELOCKED');
  });

  it('says what the system said where there is no such folder, or the path names one', () => {
    const error = thrown(() => take(join(folder, 'none', 'x')));
    expect(error).to.include({ code: 'ENOENT', systemCode: windows ? 3 : 2 });
    expect(error.message).to.be.a('string').that.is.not.empty;
    mkdirSync(join(folder, 'inner'));
    expect(codeOf(join(folder, 'inner'))).to.equal(windows ? 'EPERM' : 'EISDIR');
  });

  it('throws a TypeError for what is no path', () => {
    expect(() => take('a\0b')).to.throw(TypeError);
    expect(() => Reflect.apply(lockFile, undefined, [42])).to.throw(TypeError);
  });
});
