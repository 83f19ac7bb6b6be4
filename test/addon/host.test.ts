import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { expect } from 'chai';
import { hostPath, longest, root, type Service, startService, stubPath, testLibrary } from '../support/native.js';
import { skip } from '../support/skip.js';

// A program that runs the host, such as valgrind.
const under: string[] = JSON.parse(process.env.WXPAY_FACE_TEST_UNDER ?? '[]');
const windows = process.platform === 'win32';

interface Frame {
  id: number;
  outcome: number;
  value: number;
  body: Buffer;
}

/** The host program, spoken to in its own frames. */
class Host {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly exit: Promise<[code: number | null, signal: NodeJS.Signals | null]>;
  stderr = '';
  #frames: Frame[] = [];
  #waiting: Array<() => void> = [];
  #chunks: Buffer[] = [];
  #size = 0;
  #needed = 4;

  constructor(...args: string[]) {
    const [program, ...before] = [...under, hostPath];
    this.child = spawn(program, [...before, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.exit = new Promise((resolve) => this.child.once('close', (code, signal) => resolve([code, signal])));
    this.child.stdin.on('error', () => {}); // a host that has ended
    this.child.stderr.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.child.stdout.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#size += chunk.length;
      while (this.#size >= this.#needed) {
        let bytes = Buffer.concat(this.#chunks);
        this.#needed = 4 + bytes.readUInt32BE(0);
        if (bytes.length >= this.#needed) {
          this.#frames.push({
            id: bytes.readUInt32BE(4),
            outcome: bytes.readUInt32BE(8),
            value: bytes.readInt32BE(12),
            body: bytes.subarray(16, this.#needed),
          });
          bytes = bytes.subarray(this.#needed);
          this.#needed = 4;
          for (const wake of this.#waiting.splice(0)) wake();
        }
        this.#chunks = [bytes];
        this.#size = bytes.length;
      }
    });
  }

  send(id: number, body: string | Buffer): void {
    const bytes = Buffer.from(body);
    const header = Buffer.alloc(8);
    header.writeUInt32BE(4 + bytes.length, 0);
    header.writeUInt32BE(id, 4);
    this.child.stdin.write(header);
    this.child.stdin.write(bytes);
  }

  /** The next frame that nobody has taken yet. */
  async next(): Promise<Frame> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async call(id: number, body: string | Buffer): Promise<Frame> {
    this.send(id, body);
    return this.next();
  }
}

const text = ({ id, outcome, value, body }: Frame) => [id, outcome, value, body.toString()];

describe('host process', () => {
  const hosts: Host[] = [];
  function start(...args: string[]): Host {
    const host = new Host(...args);
    hosts.push(host);
    return host;
  }
  async function startLoaded(library = testLibrary('faulty')): Promise<Host> {
    const host = start(library);
    expect(text(await host.next())).to.deep.equal([0, 0, 0, '']);
    return host;
  }
  afterEach(async () => {
    for (const host of hosts.splice(0)) {
      host.child.stdin.end();
      await host.exit;
    }
  });

  describe('loading', () => {
    it('greets with the system error and its text when the library is missing, then ends with 1', async () => {
      const host = start(join(root, 'missing.so'));
      const { id, outcome, value, body } = await host.next();
      expect([id, outcome]).to.deep.equal([0, 0]);
      expect(value).to.equal(windows ? 126 : 2);
      expect(body).to.have.length.above(0);
      expect(await host.exit).to.deep.equal([1, null]);
    });

    it('greets with a text and without a number where the system has none', async function () {
      if (windows) return skip(this, 'Windows always has a number');
      const host = start(testLibrary('no_release'));
      const { value, body } = await host.next();
      expect(value).to.equal(-1);
      expect(body.toString()).to.include('wxpayReleaseResponse');
    });

    it('says how it is used when called without a library', async () => {
      const host = start();
      expect(await host.exit).to.deep.equal([64, null]);
      expect(host.stderr).to.match(/^usage: wxpay-face-host/);
    });

    it('ends without a greeting when the library crashes while it is loaded', async () => {
      const [code, signal] = await start(testLibrary('crash_on_load')).exit;
      // Wine has its own exit code for it.
      if (windows) expect(code).to.equal(process.env.WINEPREFIX ? 1 : 0xc0000005);
      else expect(signal).to.equal('SIGSEGV');
    });

    it('still ends with its parent when the library never finishes loading', async () => {
      const host = start(testLibrary('hang_on_load'));
      host.send(1, 'waits for the library');
      host.child.stdin.end();
      expect(await host.exit).to.deep.equal([0, null]);
    });

    it('answers requests that came before the library was loaded', async () => {
      const host = start(testLibrary('faulty'));
      host.send(1, 'early');
      expect(text(await host.next())).to.deep.equal([0, 0, 0, '']);
      expect(text(await host.next())).to.deep.equal([1, 0, 0, 'early']);
    });
  });

  describe('calls', () => {
    for (const size of [0, 1, 65_536, longest]) {
      it(`carries ${size} bytes there and back`, async () => {
        const host = await startLoaded();
        const request = Buffer.alloc(size, 'x');
        const { id, outcome, value, body } = await host.call(7, request);
        expect([id, outcome, value]).to.deep.equal([7, 0, 0]);
        expect(body.equals(request)).to.equal(true);
      });
    }

    it('returns the id that came, up to the largest', async () => {
      const host = await startLoaded();
      expect(text(await host.call(0xffffffff, 'x'))).to.deep.equal([0xffffffff, 0, 0, 'x']);
    });

    it('lets a later call overtake blocked ones', async () => {
      const host = await startLoaded();
      for (let id = 1; id <= 16; id++) host.send(id, 'block');
      expect(text(await host.call(17, 'first'))).to.deep.equal([17, 0, 0, 'first']);
      let blocked = 0;
      while (blocked !== 16) blocked = JSON.parse((await host.call(18, 'report')).body.toString()).blocked;
      host.send(19, 'unblock');
      const ids = [];
      for (let i = 0; i < 17; i++) ids.push((await host.next()).id);
      expect(ids.sort((a, b) => a - b)).to.deep.equal([...Array.from({ length: 16 }, (_, i) => i + 1), 19]);
    });

    for (const [word, outcome, value] of [
      ['refuse', 0, -7],
      ['refuse_lowest', 0, -(2 ** 31)],
      ['null_sized', 1, 0],
      ['too_long', 2, 0],
      ['absurd', 2, 0],
    ] as const) {
      it(`answers ${word} with outcome ${outcome}, ${value} and no bytes, and has given every response back`, async () => {
        const host = await startLoaded();
        expect(text(await host.call(1, word))).to.deep.equal([1, outcome, value, '']);
        expect(JSON.parse((await host.call(2, 'report')).body.toString())).to.deep.include({ outstanding: 0 });
      });
    }

    for (const word of ['null_empty', 'empty']) {
      it(`answers ${word} with success and no bytes`, async () => {
        const host = await startLoaded();
        expect(text(await host.call(1, word))).to.deep.equal([1, 0, 0, '']);
      });
    }

    for (const probe of ['puts', 'stderr', 'descriptors', 'handles', 'own_runtime', 'child', 'system'])
      it(`repeats nothing that the library prints: ${probe}`, async () => {
        const host = await startLoaded(testLibrary('printer'));
        const request = `{"cmd":"${probe}"}`;
        expect(text(await host.call(1, request))).to.deep.equal([1, 0, 0, request]);
        host.child.stdin.end();
        await host.exit;
        expect(host.stderr).to.equal('');
      });

    it('keeps its frames from a library that reads stdin', async () => {
      const host = await startLoaded();
      host.send(1, 'read_input');
      host.send(2, 'not for the library');
      const frames = [await host.next(), await host.next()].sort((a, b) => a.id - b.id);
      expect(frames.map(text)).to.deep.equal([
        [1, 0, 0, 'nothing to read'],
        [2, 0, 0, 'not for the library'],
      ]);
    });

    describe('through the stub library', () => {
      let service: Service;
      before(async () => {
        service = await startService((request, respond) => respond(request));
      });
      after(() => service.close());

      it('reaches the service', async () => {
        const host = await startLoaded(stubPath);
        expect(text(await host.call(1, '你好'))).to.deep.equal([1, 0, 0, '你好']);
      });
    });
  });

  describe('its end', () => {
    it('comes at once with that of stdin, while calls are blocked', async () => {
      const host = await startLoaded();
      host.send(1, 'block');
      host.send(2, 'hang');
      await host.call(3, 'x');
      host.child.stdin.end();
      expect(await host.exit).to.deep.equal([0, null]);
    });

    it('comes in the middle of a frame, too', async () => {
      const host = await startLoaded();
      host.child.stdin.end(Buffer.from([0, 0, 0, 100, 0, 0]));
      expect(await host.exit).to.deep.equal([0, null]);
    });

    for (const [what, frame] of [
      ['shorter than an id', [0, 0, 0, 3, 1, 2, 3]],
      ['of length 0', [0, 0, 0, 0]],
      ['longer than 64 MiB and its header', [0x04, 0, 0, 0x09]],
      ['of an absurd length', [0xff, 0xff, 0xff, 0xff]],
      ['with id 0', [0, 0, 0, 4, 0, 0, 0, 0]],
    ] as const) {
      it(`comes with exit code 2 and a word on stderr at a frame ${what}`, async () => {
        const host = await startLoaded();
        host.child.stdin.write(Buffer.from(frame));
        expect(await host.exit).to.deep.equal([2, null]);
        expect(host.stderr).to.equal(`wxpay-face-host: malformed frame on stdin\n`);
      });
    }

    it('comes when nobody reads its answers any more', async function () {
      if (windows) return skip(this, "a destroyed stdout isn't closed there while a read of it is pending");
      const host = await startLoaded();
      host.child.stdout.destroy();
      host.send(1, 'x');
      expect(await host.exit).to.deep.equal([0, null]);
    });

    it('leaves none of its pipes to a child of the library that lives on', async () => {
      const host = await startLoaded(testLibrary('printer'));
      await host.call(1, '{"cmd":"leave_child"}');
      host.child.stdin.end();
      expect(await host.exit).to.deep.equal([0, null]); // all its pipes are closed
    });

    for (const [word, signal] of [
      ['crash', 'SIGSEGV'],
      ['abort', 'SIGABRT'],
    ] as const) {
      it(`comes when the library does ${word}`, async () => {
        const host = await startLoaded();
        host.send(1, word);
        const end = await host.exit;
        if (windows) expect(end[0]).not.to.equal(0);
        else expect(end).to.deep.equal([null, signal]);
      });
    }

    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      it(`does not come with a ${signal} that its parent gets as well`, async function () {
        if (windows) return skip(this, 'Windows has no signals');
        const host = await startLoaded();
        host.child.kill(signal);
        expect(await Promise.race([host.call(1, 'x').then(text), host.exit])).to.deep.equal([1, 0, 0, 'x']);
      });

    it('comes with that of a parent that was killed', async function () {
      if (!hasProc) return skip(this, 'looks for the process in /proc');
      const parent = spawn(
        process.execPath,
        [
          '-e',
          `const { spawn } = require('node:child_process');
           const host = spawn(process.argv[1], [process.argv[2]], { stdio: ['pipe', 'pipe', 'inherit'] });
           host.stdin.write(Buffer.from([0, 0, 0, 8, 0, 0, 0, 1, ...Buffer.from('hang')]));
           host.stdout.once('data', () => console.log(host.pid));`,
          hostPath,
          testLibrary('faulty'),
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const [line] = await once(parent.stdout, 'data');
      const pid = Number(line);
      expect(isRunning(pid)).to.equal(true);
      parent.kill('SIGKILL');
      await once(parent, 'exit');
      while (isRunning(pid)) await new Promise((resolve) => setImmediate(resolve));
    });
  });

  it('names its threads', async function () {
    if (!hasProc) return skip(this, 'thread names are read from /proc');
    const host = await startLoaded();
    host.send(1, 'block');
    const tasks = `/proc/${host.child.pid}/task`;
    const names = readdirSync(tasks).map((id) => readFileSync(`${tasks}/${id}/comm`, 'utf8').trim());
    expect(names).to.include('wxpay-face-call');
  });
});

const hasProc = process.platform === 'linux';

// A zombie has ended; only nobody has asked how.
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
