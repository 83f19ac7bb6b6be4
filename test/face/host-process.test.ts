import { type ChildProcess, spawn } from 'node:child_process';
import diagnostics_channel from 'node:diagnostics_channel';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { SHARE_ENV, Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { FaceService, HostProcessError, LibraryLoadError, type OpenOptions, ServiceCommandError } from 'wxpay-face';
import { type Host, HostProcess, restartDelay, restarting } from '../../lib/face/host-process.js';
import { hostPath, stubPath, testLibrary } from '../support/native.js';
import { deferred, PipeServer } from '../support/pipe-server.js';
import { rejection } from '../support/rejection.js';
import { skip } from '../support/skip.js';

const windows = process.platform === 'win32';
const host = 'host-process';
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const order = { appid: 'wx97debaxyzabcca2', mch_id: '1281087510', store_id: 'IMG001', authinfo: '0CSmor/Pp4v' };
const recognition = { ...order, face_authtype: 'FACEPAY', face_code_type: '1' } as const;

const services: FaceService[] = [];
async function open(options: OpenOptions): Promise<FaceService> {
  const face = await FaceService.open({ host, ...options });
  services.push(face);
  return face;
}

async function hostError(call: Promise<unknown>): Promise<string> {
  const error = await rejection(call);
  expect(error).to.be.instanceOf(HostProcessError).with.property('code', 'ERR_HOST_PROCESS');
  return error instanceof Error ? error.message : '';
}

describe('A host process', () => {
  let service: PipeServer;
  before(async () => {
    service = await PipeServer.start();
    process.env.WXPAY_FACE_PIPE = service.path;
  });
  beforeEach(() => {
    service.requests.length = 0;
    service.answer = () => ({ return_code: 'SUCCESS' });
  });
  afterEach(async () => {
    await Promise.all(services.splice(0).map((face) => face.close()));
  });
  after(async () => {
    delete process.env.WXPAY_FACE_PIPE;
    await service.close();
  });

  it('runs the library outside of this process', async () => {
    const face = await open({ library: testLibrary('faulty') });
    expect(face.library).to.include({ path: testLibrary('faulty'), arch: process.arch, host });
    expect((await face.call('report')).pid)
      .to.be.a('number')
      .and.not.to.equal(process.pid);
  });

  it('carries a request and a response of megabytes', async () => {
    const face = await open({ library: testLibrary('faulty') });
    const text = '刷脸'.repeat(1_000_000);
    expect((await face.call('echo', { return_code: 'SUCCESS', text })).text).to.equal(text);
  });

  for (const [cmd, how] of [
    ['crash', windows ? 'exit code' : 'SIGSEGV'],
    ['abort', windows ? 'exit code' : 'SIGABRT'],
    ['exit', 'exit code 3'],
  ] as const)
    it(`that ends with its library (${cmd}) rejects every call in flight, and is there again for the next`, async () => {
      const face = await open({ library: testLibrary('faulty') });
      const blocked = rejection(face.call('block'));
      const message = await hostError(face.call(cmd));
      expect(message).to.include(how).and.to.include(cmd);
      expect(await blocked).to.be.instanceOf(HostProcessError);
      expect((await face.call('report')).return_code).to.equal('SUCCESS');
    });

  it('that somebody kills is there again for the next call', async () => {
    const face = await open({ library: testLibrary('faulty') });
    const { pid } = await face.call('report');
    const blocked = hostError(face.call('block'));
    process.kill(Number(pid), 'SIGKILL');
    expect(await blocked).to.include(windows ? 'exit code' : 'SIGKILL');
    expect((await face.call('report')).pid)
      .to.be.a('number')
      .and.not.to.equal(pid);
  });

  it('that does not answer within callTimeout is ended, with every call in flight', async () => {
    const face = await open({ library: testLibrary('faulty'), callTimeout: 1000 });
    const other = rejection(face.call('block'));
    expect(await hostError(face.call('hang'))).to.match(/did not answer (hang|block) within 1 s/);
    expect(await other).to.be.instanceOf(HostProcessError);
    expect((await face.call('report')).return_code).to.equal('SUCCESS');
  });

  it('is not ended for an answer that arrived while this process was busy', async () => {
    const face = await open({ library: testLibrary('faulty'), callTimeout: 500 });
    const call = face.call('echo', { return_code: 'SUCCESS' });
    await new Promise<void>((resolve) => process.nextTick(resolve)); // the request is on its way, its answer can't be read yet
    const until = Date.now() + 2000;
    while (Date.now() < until);
    expect((await call).return_code).to.equal('SUCCESS');
  });

  it('waits for a person beyond callTimeout', async () => {
    const face = await open({ library: stubPath, callTimeout: 150 });
    const shown = deferred<{ return_code: string }>();
    service.answer = () => shown.promise;
    const code = face.getWxpayfaceCode(recognition);
    await pause(400);
    shown.resolve({ return_code: 'SCAN_PAYMENT' });
    expect(await code).to.deep.equal({ return_code: 'SCAN_PAYMENT' });
  });

  it('that waits for a person beyond humanTimeout sends stopWxpayface first', async () => {
    const face = await open({ library: stubPath, callTimeout: 15_000, humanTimeout: 100 });
    service.answer = async ({ cmd }) => {
      if (cmd === 'stopWxpayface') return { return_code: 'SUCCESS' };
      await service.received('stopWxpayface');
      return { return_code: 'USER_CANCEL' };
    };
    expect(await face.getWxpayfaceCode(recognition)).to.deep.equal({ return_code: 'USER_CANCEL' });
    expect(service.cmds).to.deep.equal(['getWxpayfaceCode', 'stopWxpayface']);
    const { appid, mch_id, authinfo } = order;
    expect(service.requests[1]).to.include({ appid, mch_id, authinfo });
  });

  it('is ended only where stopWxpayface brings nothing within callTimeout', async () => {
    const face = await open({ library: stubPath, callTimeout: 1000, humanTimeout: 100 });
    const never = deferred<{ return_code: string }>();
    service.answer = ({ cmd }) => (cmd === 'updateWxpayfacePayResult' ? never.promise : { return_code: 'SUCCESS' });
    const message = await hostError(face.updateWxpayfacePayResult({ ...order, payresult: 'SUCCESS' }));
    expect(message).to.include('updateWxpayfacePayResult within 100 ms, nor 1 s after stopWxpayface');
    expect(service.cmds).to.deep.equal(['updateWxpayfacePayResult', 'stopWxpayface']);
    never.resolve({ return_code: 'SUCCESS' });
  });

  it('is not ended by humanTimeout alone', async () => {
    const face = await open({ library: stubPath, humanTimeout: 50 });
    const shown = deferred<{ return_code: string }>();
    service.answer = ({ cmd }) => (cmd === 'getWxpayfaceCode' ? shown.promise : { return_code: 'ERROR' });
    const code = face.getWxpayfaceCode(recognition);
    await service.received('stopWxpayface');
    await pause(200);
    shown.resolve({ return_code: 'SCAN_PAYMENT' });
    expect(await code).to.deep.equal({ return_code: 'SCAN_PAYMENT' });
  });

  it('is neither stopped nor ended for a result screen that its till has let go of', async () => {
    const face = await open({ library: stubPath, callTimeout: 100, humanTimeout: 100 });
    const confirmed = deferred<{ return_code: string }>();
    service.answer = ({ cmd }) => (cmd === 'updateWxpayfacePayResult' ? confirmed.promise : { return_code: 'SUCCESS' });
    const abort = new AbortController();
    const told = face.updateWxpayfacePayResult({ ...order, payresult: 'SUCCESS' }, { signal: abort.signal });
    await service.received('updateWxpayfacePayResult');
    abort.abort();
    await pause(400);
    confirmed.resolve({ return_code: 'SUCCESS' });
    expect(await told).to.deep.equal({ return_code: 'SUCCESS' });
    expect(service.cmds).to.deep.equal(['updateWxpayfacePayResult']);
  });

  describe('started again', () => {
    /** Ends the host: a request that is never answered. */
    async function endHost(face: FaceService) {
      const before = service.answer;
      const never = deferred<{ return_code: string }>();
      service.answer = ({ cmd }) => (cmd === 'hang' ? never.promise : { return_code: 'SUCCESS' });
      await hostError(face.call('hang'));
      never.resolve({ return_code: 'SUCCESS' });
      service.answer = before;
    }
    const restarts = { library: stubPath, callTimeout: 1000 };

    it('is initialised as before, ahead of the next command, and once', async () => {
      const face = await open(restarts);
      await face.initWxpayface({ ip: '10.0.0.1', port: '8080' });
      await endHost(face);
      await Promise.all([face.call('a'), face.call('b'), face.getWxpayfaceRawdata().catch(() => {})]);
      expect(service.cmds.slice(0, 3)).to.deep.equal(['initWxpayface', 'hang', 'initWxpayface']);
      expect(service.cmds.slice(3)).to.have.members(['a', 'b', 'getWxpayfaceRawdata']);
      const [first, , second] = service.requests;
      expect({ ...second, now: 0 }).to.deep.equal({ ...first, now: 0 });
    });

    describe('is not initialised', () => {
      const cmds: unknown[] = [];
      const listen = (event: unknown) => cmds.push(Object(event).cmd);
      const success = { return_code: 'SUCCESS' };
      beforeEach(() => {
        cmds.length = 0;
        diagnostics_channel.subscribe('wxpay-face.face.call', listen);
      });
      afterEach(() => {
        diagnostics_channel.unsubscribe('wxpay-face.face.call', listen);
      });
      /** This library answers with the request, so that each request brings its own return_code. */
      const openEcho = () => open({ library: testLibrary('faulty') });

      it('where it was not before', async () => {
        const face = await openEcho();
        await face.call('initWxpayface', { return_code: 'ERROR' });
        await hostError(face.call('crash'));
        await face.call('x', success);
        expect(cmds).to.deep.equal(['initWxpayface', 'crash', 'x']);
      });

      it('where it was released since', async () => {
        const face = await openEcho();
        await face.call('initWxpayface', success);
        await face.call('releaseWxpayface', success);
        await hostError(face.call('crash'));
        await face.call('x', success);
        expect(cmds).to.deep.equal(['initWxpayface', 'releaseWxpayface', 'crash', 'x']);
      });

      for (const cmd of ['initWxpayface', 'stopWxpayface', 'releaseWxpayface'])
        it(`for ${cmd}`, async () => {
          const face = await openEcho();
          await face.call('initWxpayface', success);
          await hostError(face.call('crash'));
          await face.call(cmd, success);
          expect(cmds).to.deep.equal(['initWxpayface', 'crash', cmd]);
        });
    });

    it('stays released where it was released while it was initialised anew', async () => {
      const face = await open(restarts);
      await face.initWxpayface();
      await endHost(face);
      const initialised = deferred<{ return_code: string }>();
      service.answer = ({ cmd }) => (cmd === 'initWxpayface' ? initialised.promise : { return_code: 'SUCCESS' });
      const asked = face.call('a');
      await service.received('initWxpayface', 2);
      const released = face.releaseWxpayface();
      await face.stopWxpayface(order); // overtakes: whatever was to be sent at once has been
      initialised.resolve({ return_code: 'SUCCESS' });
      await Promise.all([asked, released]);
      expect(service.cmds.slice(2, 4)).to.deep.equal(['initWxpayface', 'stopWxpayface']);
      expect(service.cmds.slice(4)).to.have.members(['a', 'releaseWxpayface']);
      await endHost(face);
      await face.call('b');
      expect(service.cmds.slice(6)).to.deep.equal(['hang', 'b']);
    });

    it('is initialised as it was asked last', async () => {
      const face = await open(restarts);
      await face.initWxpayface();
      await endHost(face);
      const initialised = deferred<{ return_code: string }>();
      service.answer = ({ cmd, ip }) =>
        cmd === 'initWxpayface' && ip === undefined ? initialised.promise : { return_code: 'SUCCESS' };
      const asked = face.call('a');
      await service.received('initWxpayface', 2);
      const again = face.initWxpayface({ ip: '10.0.0.1', port: '80' });
      initialised.resolve({ return_code: 'SUCCESS' });
      await Promise.all([asked, again]);
      await endHost(face);
      await face.call('b');
      expect(service.requests.filter(({ cmd }) => cmd === 'initWxpayface').map(({ ip }) => ip)).to.deep.equal([
        undefined,
        undefined,
        '10.0.0.1',
        '10.0.0.1',
      ]);
    });

    it('is not waited for by a recognition that is aborted as soon as it is asked for', async () => {
      const face = await open({ library: testLibrary('faulty') });
      await hostError(face.call('crash'));
      const abort = new AbortController();
      const code = rejection(face.getWxpayfaceCode(recognition, { signal: abort.signal }));
      abort.abort(new Error('at once'));
      const later = new Promise((resolve) => setImmediate(resolve, 'later'));
      expect(await Promise.race([code, later])).to.equal(abort.signal.reason);
    });

    describe('says as much of a library as at first,', () => {
      let folder: string;
      let library: string;
      let face: FaceService;
      beforeEach(async () => {
        folder = mkdtempSync(join(tmpdir(), 'face-'));
        library = join(folder, basename(testLibrary('faulty')));
        copyFileSync(testLibrary('faulty'), library);
        face = await open({ library });
        await hostError(face.call('crash'));
      });
      afterEach(async () => {
        await face.close(); // Windows keeps the file for as long as it is loaded
        rmSync(folder, { recursive: true, maxRetries: 5 });
      });

      it('which has gone', async () => {
        rmSync(library, { maxRetries: 5 });
        const error = await rejection(face.call('x'));
        expect(error)
          .to.be.instanceOf(LibraryLoadError)
          .that.includes({ path: library, systemCode: windows ? 126 : 'ENOENT' });
        expect(error).to.have.property('message').that.includes(`there is no file ${library}`);
        copyFileSync(testLibrary('faulty'), library);
        expect((await face.call('report')).return_code).to.equal('SUCCESS');
      });

      it('which is another now', async () => {
        rmSync(library, { maxRetries: 5 });
        writeFileSync(library, 'not a library');
        const error = await rejection(face.call('x'));
        expect(error)
          .to.be.instanceOf(LibraryLoadError)
          .with.property('systemCode', windows ? 193 : 'ENOEXEC');
        expect(error).to.have.property('message').that.includes(`${library} is not a library`);
      });
    });

    it('sends nothing until initialisation succeeds', async () => {
      const face = await open(restarts);
      await face.initWxpayface();
      await endHost(face);
      service.answer = () => ({ return_code: 'SYSTEMERROR' });
      const refused = await rejection(face.call('a'));
      expect(refused).to.be.instanceOf(ServiceCommandError).that.includes({ cmd: 'initWxpayface' });
      service.answer = () => ({ return_code: 'SUCCESS' });
      await face.call('b');
      expect(service.cmds).to.deep.equal(['initWxpayface', 'hang', 'initWxpayface', 'initWxpayface', 'b']);
    });

    /** A host that ended after so many milliseconds. */
    const endedAfter = (milliseconds: number): Host => ({
      endedAt: performance.now() + milliseconds,
      call: async () => Buffer.alloc(0),
      close: async () => {},
    });

    it('waits longer and longer where it keeps ending', async () => {
      const waited: number[] = [];
      let starts = 0;
      const start = async () => {
        if (++starts === 3) throw new Error('no such program');
        return endedAfter(0);
      };
      const access = await restarting(start, async (milliseconds) => void waited.push(milliseconds));
      for (let call = 0; call < 8; call++) await access.connect().catch(() => {});
      expect(waited).to.deep.equal([0, 250, 500, 1000, 2000, 4000, 8000, 8000]);
    });

    it('does not wait after a host that ran for long', async () => {
      const waited: number[] = [];
      const access = await restarting(
        async () => endedAfter(60_000),
        async (milliseconds) => void waited.push(milliseconds),
      );
      for (let call = 0; call < 3; call++) await access.connect();
      expect(waited).to.deep.equal([0, 0, 0]);
      expect(restartDelay(1000)).to.equal(8000);
    });
  });

  it('that was ended on purpose is started again at once, however often', async () => {
    const waited: number[] = [];
    const start = async (): Promise<Host> => {
      let endedAt: number | undefined;
      return {
        get endedAt() {
          return endedAt;
        },
        call: async () => Buffer.alloc(0),
        close: async () => {
          endedAt = 0;
        },
      };
    };
    const access = await restarting(start, async (milliseconds) => void waited.push(milliseconds));
    for (let time = 0; time < 4; time++) {
      const before = await access.connect();
      await access.restart?.();
      expect(await access.connect()).to.not.equal(before);
    }
    expect(waited).to.deep.equal([0, 0, 0, 0]);
  });

  describe('under way when everything is closed', () => {
    const ended: Host = { endedAt: 0, call: async () => Buffer.alloc(0), close: async () => {} };

    it('is not started after its wait', async () => {
      let starts = 0;
      const waiting = deferred<void>();
      const access = await restarting(
        async () => {
          starts++;
          return ended;
        },
        () => waiting.promise,
      );
      const connecting = rejection(access.connect());
      const closing = access.close();
      waiting.resolve();
      await closing;
      expect(await connecting).to.have.property('code', 'ERR_CLOSED');
      expect(starts).to.equal(1);
    });

    it('does not sleep on', async () => {
      let woken = false;
      const access = await restarting(
        async () => ended,
        (_, signal) =>
          new Promise((_, reject) =>
            signal.addEventListener('abort', () => {
              woken = true;
              reject(signal.reason);
            }),
          ),
      );
      const connecting = rejection(access.connect());
      await access.close();
      await connecting;
      expect(woken).to.equal(true);
    });

    it('is closed once it has started', async () => {
      const starting = deferred<Host>();
      const closed: string[] = [];
      const named = (name: string): Host => ({ ...ended, close: async () => void closed.push(name) });
      const hosts = [named('first'), starting.promise];
      const access = await restarting(
        async () => hosts.shift() ?? ended,
        async () => {},
      );
      const connecting = access.connect();
      await new Promise((resolve) => setImmediate(resolve));
      const closing = access.close();
      starting.resolve(named('second'));
      await Promise.all([connecting, closing]);
      expect(closed).to.deep.equal(['second']);
    });

    it('is ended where its library never comes back from being loaded', async () => {
      const closing = new AbortController();
      const start = rejection(HostProcess.start([hostPath], testLibrary('hang_on_load'), {}, closing.signal));
      await new Promise((resolve) => setImmediate(resolve));
      closing.abort();
      expect(await start)
        .to.have.property('message')
        .that.includes('was closed before the library was loaded');
    });
  });

  describe('that talks nonsense is ended:', () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'face-'));
    });
    after(() => rmSync(folder, { recursive: true, maxRetries: 5 }));

    const greeting = '0000000c' + '00000000' + '00000000' + '00000000';

    /** A program that greets, or not, and sends these bytes when it is asked something. */
    async function start(greet: string, answer: string) {
      const script = join(folder, 'host.cjs');
      writeFileSync(
        script,
        `process.stdout.write(Buffer.from('${greet}', 'hex'));
         process.stdin.once('data', () => process.stdout.write(Buffer.from('${answer}', 'hex'))).on('end', () => process.exit());`,
      );
      return HostProcess.start([process.execPath, script], stubPath, {});
    }
    const ask = (program: HostProcess) => program.call({ cmd: 'x', request: Buffer.from('{}') });

    for (const [what, answer] of [
      ['a length beyond all bounds', 'ffffffff'],
      ['a length too short for an answer', '00000004' + '00000001'],
      ['an answer to what was not asked', '0000000c' + '00000002' + '00000000' + '00000000'],
      ['an outcome that it can not have', '0000000c' + '00000001' + '00000005' + '00000000'],
      ['a second greeting', greeting],
      ['text', Buffer.from('hello, world').toString('hex')],
    ] as const)
      it(what, async () => {
        const program = await start(greeting, answer);
        const error = await rejection(ask(program));
        expect(error).to.have.property('name', 'HostProcessError');
        expect(error)
          .to.have.property('message')
          .that.matches(/and was ended before it answered x/);
        expect(program.endedAt).to.be.a('number');
        expect(await rejection(ask(program))).to.have.property('name', 'HostProcessError');
      });

    it('nonsense behind an answer, which counts', async () => {
      const answer = '0000000d' + '00000001' + '00000000' + '00000000' + '2a';
      const program = await start(greeting, `${answer}ffffffff`);
      const [first, second] = await Promise.allSettled([ask(program), ask(program)]);
      expect(first).to.deep.equal({ status: 'fulfilled', value: Buffer.from('*') });
      expect(second)
        .to.have.property('reason')
        .that.has.property('message')
        .that.matches(/and was ended before it answered x/);
    });

    it('text instead of a greeting', async () => {
      const error = await rejection(start(Buffer.from('Usage: …').toString('hex'), ''));
      expect(error).to.have.property('name', 'HostProcessError');
    });

    it('an answer before a greeting', async () => {
      const error = await rejection(start('0000000c' + '00000001' + '00000000' + '00000000', ''));
      expect(error).to.have.property('name', 'HostProcessError');
    });

    it('nothing, since the library never comes back from being loaded', async () => {
      const error = await rejection(HostProcess.start([hostPath], testLibrary('hang_on_load'), { loadTimeout: 300 }));
      expect(error)
        .to.have.property('message')
        .that.equals('the host process of the library did not load the library within 300 ms and was ended');
    });

    it('nothing, since the library has gone in that moment', async () => {
      const library = join(folder, 'gone');
      const error = await rejection(HostProcess.start([hostPath], library, {}));
      expect(error).to.include({ name: 'LibraryLoadError', systemCode: windows ? 126 : 'ENOENT' });
      if (!windows)
        expect(error).to.have.property('message').that.includes(`${library} could not be loaded: it is not`);
    });

    it('nothing, since it may not be run', async function () {
      if (windows) return skip(this, 'Windows has no such permission');
      const program = join(folder, 'host');
      writeFileSync(program, '#!/bin/sh\n', { mode: 0o644 });
      const error = await rejection(HostProcess.start([program], stubPath, {}));
      expect(error).to.have.property('name', 'HostProcessError');
      expect(error)
        .to.have.property('message')
        .that.includes('could not be started')
        .and.includes(`Make ${program} executable (chmod +x)`);
    });

    it('nothing, since the system refuses its arguments', async function () {
      if (windows) return skip(this, 'Windows gives such a process its own code in an event');
      const error = await rejection(HostProcess.start([hostPath, 'x'.repeat(1 << 20)], stubPath, {}));
      expect(error).to.have.property('name', 'HostProcessError');
      expect(error).to.have.property('message').that.includes('could not be started').and.includes('E2BIG');
    });

    it('nothing, since it can not be started', async () => {
      const error = await rejection(HostProcess.start([join(folder, 'none')], stubPath, {}));
      expect(error).to.have.property('message').that.includes('could not be started');
    });
  });

  describe('and the till that it works for:', () => {
    const till = fileURLToPath(new URL('till.js', import.meta.url));

    /** Runs a till; `lines` are what it says. */
    function startTill(
      cmd: string,
      end: string,
    ): { child: ChildProcess; lines: AsyncIterator<Record<string, unknown>> } {
      const library = cmd === 'getWxpayfaceRawdata' ? stubPath : testLibrary('faulty');
      const child = spawn(process.execPath, [till, library, host, cmd, end], { stdio: ['ignore', 'pipe', 'ignore'] });
      const { stdout } = child;
      const lines = (async function* () {
        let said = '';
        for await (const chunk of stdout) {
          said += chunk;
          for (let end = said.indexOf('\n'); end !== -1; end = said.indexOf('\n')) {
            yield JSON.parse(said.slice(0, end));
            said = said.slice(end + 1);
          }
        }
      })();
      return { child, lines };
    }
    const exit = (child: ChildProcess) =>
      new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)));

    function running(pid: number): boolean {
      try {
        process.kill(pid, 0);
        // Of a worker's child that has ended Linux keeps the name until the process ends: nobody there waits for it.
        return windows || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
      } catch {
        return false;
      }
    }
    async function gone(pid: unknown) {
      while (running(Number(pid))) await pause(20);
    }

    for (const [how, cmd, end, code] of [
      ['ends by itself', 'echo', '', 0],
      ['calls process.exit', 'hang', 'exit', 5],
      ['breaks', 'hang', 'throw', 1],
      ['is killed', 'hang', 'wait', 'SIGKILL'],
    ] as const)
      it(`none is left when it ${how}`, async () => {
        const { child, lines } = startTill(cmd, end);
        const ended = exit(child);
        const { pid } = (await lines.next()).value;
        expect(pid).to.be.a('number');
        if (end === 'wait') child.kill('SIGKILL');
        expect(await ended).to.equal(code);
        await gone(pid);
      });

    for (const [how, cmd, end, code] of [
      ['ends by itself', 'echo', '', 0],
      ['calls process.exit', 'hang', 'exit', 5],
      ['breaks', 'hang', 'throw', 1],
      ['is terminated', 'hang', 'wait', 1],
    ] as const)
      it(`none is left when it is a worker that ${how}`, async () => {
        const worker = new Worker(till, { argv: [testLibrary('faulty'), host, cmd, end], env: SHARE_ENV });
        const ended = new Promise((resolve) => worker.on('error', () => {}).once('exit', resolve));
        // events.once() would fail where the error comes first.
        const { pid } = await new Promise<{ pid: number }>((resolve) => worker.once('message', resolve));
        if (end === 'wait') await worker.terminate();
        expect(await ended).to.equal(code);
        await gone(pid);
      });

    it('one that can not be started for want of file descriptors costs a call, not the till', async function () {
      if (windows) return skip(this, 'handles have no such bound there');
      const limited = [
        '-c',
        'ulimit -n 100; exec "$@"',
        'sh',
        process.execPath,
        till,
        testLibrary('faulty'),
        host,
        'starve',
      ];
      const child = spawn('sh', limited, { stdio: ['ignore', 'pipe', 'ignore'] });
      const ended = exit(child);
      const { failure, return_code } = JSON.parse(await text(child.stdout));
      expect(failure).to.include({ name: 'HostProcessError' });
      expect(failure.message).to.include('could not be started').and.to.include('EMFILE');
      expect(return_code).to.equal('SUCCESS');
      expect(await ended).to.equal(0);
    });

    it('one that was asked nothing lets the till end', async () => {
      expect(await exit(startTill('nothing', '').child)).to.equal(7);
    });

    it('a call in flight keeps the till running', async () => {
      const answer = deferred<{ return_code: string }>();
      service.answer = ({ cmd }) => (cmd === 'report' ? { return_code: 'SUCCESS' } : answer.promise);
      const { child, lines } = startTill('getWxpayfaceRawdata', 'answer');
      const ended = exit(child);
      await lines.next();
      await service.received('getWxpayfaceRawdata');
      await pause(200);
      answer.resolve({ return_code: 'ERROR' });
      expect((await lines.next()).value).to.deep.equal({ return_code: 'ERROR' });
      expect(await ended).to.equal(0);
    });
  });
});
