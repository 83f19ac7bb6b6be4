import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { ClosedError, FaceService, InvalidParameterError, type OpenOptions, ServiceResponseError } from 'wxpay-face';
import { openLibrary, report, stubPath, testLibrary } from '../support/native.js';
import { deferred, PipeServer } from '../support/pipe-server.js';
import { rejection } from '../support/rejection.js';

const order = { appid: 'wx97debaxyzabcca2', mch_id: '1281087510', store_id: 'IMG001', authinfo: '0CSmor/Pp4v' };
const recognition = { ...order, face_authtype: 'FACEPAY', face_code_type: '1' } as const;
const success = { return_code: 'SUCCESS' };

/** Runs a script of this folder to its end. */
const run = (script: string, ...args: string[]) =>
  new Promise<{ code: unknown; stdout: string }>((resolve) => {
    const path = fileURLToPath(new URL(script, import.meta.url));
    execFile(process.execPath, [path, ...args], { timeout: 15_000, killSignal: 'SIGKILL' }, (error, stdout) =>
      resolve({ code: error === null ? 0 : (error.code ?? error.signal), stdout }),
    );
  });

describe('A library in this process', () => {
  let service: PipeServer;
  const opened: FaceService[] = [];
  const warnings: string[] = [];
  const onWarning = (warning: Error) => warnings.push(warning.message);
  before(async () => {
    service = await PipeServer.start();
    process.env.WXPAY_FACE_PIPE = service.path;
  });
  beforeEach(() => {
    service.requests.length = 0;
    service.answer = () => success;
    warnings.length = 0;
    process.on('warning', onWarning);
  });
  afterEach(async () => {
    process.off('warning', onWarning);
    await Promise.all(opened.splice(0).map((face) => face.close({ timeout: 0 })));
    const faulty = await openLibrary(testLibrary('faulty'));
    while ((await report(faulty)).blocked > 0) await faulty.call(Buffer.from('unblock'));
  });
  after(async () => {
    delete process.env.WXPAY_FACE_PIPE;
    await service.close();
  });

  async function open(options: OpenOptions): Promise<FaceService> {
    const face = await FaceService.open({ host: 'in-process', ...options });
    opened.push(face);
    return face;
  }

  it('that takes its time to be loaded does not hold up the event loop', async () => {
    let loaded = false;
    const opening = open({ library: testLibrary('slow_load') }).then((face) => {
      loaded = true;
      return face;
    });
    const ticks: boolean[] = [];
    for (let i = 0; i < 10; i++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      ticks.push(loaded);
    }
    expect(ticks).to.include(false);
    expect(await (await opening).call('x', success)).to.include(success);
  });

  it('that hangs while it is loaded is given up, and the program ends as it wants', async () => {
    const { code, stdout } = await run('load-child.js', testLibrary('hang_on_load'));
    const error = JSON.parse(stdout);
    expect(error).to.include({ name: 'LibraryLoadError', systemCode: 'ETIMEDOUT' });
    expect(error.message).to.include('did not load within 200 ms').and.to.include("host: 'host-process'");
    expect(code).to.equal(7);
  });

  it('whose call does not return within callTimeout costs the calls in flight, a thread and a warning', async () => {
    const face = await open({ library: testLibrary('faulty'), callTimeout: 300 });
    const [first, second] = await Promise.all([rejection(face.call('block')), rejection(face.call('block'))]);
    for (const error of [first, second]) {
      expect(error).to.be.instanceOf(ServiceResponseError).with.property('cmd', 'block');
      expect(error).to.have.property(
        'message',
        'block: the response will not come: the library did not answer block within 300 ms',
      );
    }
    while (warnings.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).to.have.lengthOf(1);
    expect(warnings[0]).to.include('calls that do not come back were left behind').and.to.include('now 2');
    expect(await face.call('x', success)).to.include(success);
  });

  it('is initialised anew after that', async () => {
    const face = await open({ library: stubPath, callTimeout: 500 });
    await face.initWxpayface();
    const never = deferred<typeof success>();
    service.answer = ({ cmd }) => (cmd === 'hang' ? never.promise : success);
    await rejection(face.call('hang'));
    await face.call('a');
    await face.call('b');
    expect(service.cmds).to.deep.equal(['initWxpayface', 'hang', 'initWxpayface', 'a', 'b']);
    never.resolve(success);
  });

  it('is sent nothing more while 16 of its calls hang, and something again when they have come back', async () => {
    const face = await open({ library: testLibrary('faulty'), callTimeout: 300 });
    await Promise.all(Array.from({ length: 16 }, () => rejection(face.call('block'))));
    const error = await rejection(face.call('x', success));
    expect(error).to.be.instanceOf(ServiceResponseError);
    expect(error).to.have.property('message').that.includes('16 calls that hang').and.includes('Nothing was sent');
    const faulty = await openLibrary(testLibrary('faulty'));
    await faulty.call(Buffer.from('unblock'));
    while ((await report(faulty)).blocked > 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await face.call('x', success)).to.include(success);
  });

  it('that waits for a person beyond humanTimeout is sent stopWxpayface', async () => {
    const face = await open({ library: stubPath, callTimeout: 15_000, humanTimeout: 100 });
    service.answer = async ({ cmd }) => {
      if (cmd === 'stopWxpayface') return success;
      await service.received('stopWxpayface');
      return { return_code: 'USER_CANCEL' };
    };
    expect(await face.getWxpayfaceCode(recognition)).to.deep.equal({ return_code: 'USER_CANCEL' });
    expect(service.cmds).to.deep.equal(['getWxpayfaceCode', 'stopWxpayface']);
  });

  it('waits for one person longer than for others, if it’s told to', async () => {
    const face = await open({ library: stubPath, callTimeout: 15_000, humanTimeout: 1 });
    service.answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return { return_code: 'USER_CANCEL' };
    };
    const code = face.getWxpayfaceCode(recognition, { humanTimeout: 60_000 });
    expect(await code).to.deep.equal({ return_code: 'USER_CANCEL' });
    expect(service.cmds).to.deep.equal(['getWxpayfaceCode']);
  });

  it('is given up if stopWxpayface brings nothing within callTimeout', async () => {
    const face = await open({ library: stubPath, callTimeout: 500, humanTimeout: 100 });
    const never = deferred<typeof success>();
    service.answer = ({ cmd }) => (cmd === 'getWxpayfaceCode' ? never.promise : success);
    const error = await rejection(face.getWxpayfaceCode(recognition));
    expect(error).to.be.instanceOf(ServiceResponseError);
    expect(error).to.have.property('message').that.includes('within 100 ms, nor 500 ms after stopWxpayface');
    expect(service.cmds.slice(0, 2)).to.deep.equal(['getWxpayfaceCode', 'stopWxpayface']);
    never.resolve(success);
  });

  it('may answer at the last moment, while this process is busy', async () => {
    const face = await open({ library: testLibrary('faulty'), callTimeout: 300 });
    const call = face.call('x', success);
    await new Promise<void>((resolve) => process.nextTick(resolve));
    const until = Date.now() + 1000;
    while (Date.now() < until);
    expect(await call).to.include(success);
  });
});

for (const host of ['in-process', 'host-process'] as const)
  describe(`close({ timeout }) (${host})`, () => {
    const library = testLibrary('faulty');
    let service: PipeServer;
    before(async () => {
      service = await PipeServer.start();
      process.env.WXPAY_FACE_PIPE = service.path;
    });
    after(async () => {
      delete process.env.WXPAY_FACE_PIPE;
      await service.close();
      await (await openLibrary(library)).call(Buffer.from('unblock'));
    });

    it('rejects the calls in flight, and those in the queue, when it has waited for so long', async () => {
      const face = await FaceService.open({ library: stubPath, host });
      const never = deferred<typeof success>();
      service.answer = () => never.promise;
      const calls = [face.initWxpayface(), face.getWxpayfaceRawdata(), face.releaseWxpayface(), face.call('x')];
      const outcomes = Promise.allSettled(calls);
      await Promise.all([service.received('initWxpayface'), service.received('x')]);
      await face.close({ timeout: 50 });
      for (const outcome of await outcomes)
        expect(outcome).to.have.property('reason').that.is.an.instanceOf(ClosedError);
      expect(service.cmds).to.have.members(['initWxpayface', 'x']);
      expect(await rejection(face.call('x'))).to.be.instanceOf(ClosedError);
      never.resolve(success);
    });

    it('cuts a close() short that waits without it', async () => {
      const face = await FaceService.open({ library, host });
      const blocked = rejection(face.call('block'));
      const waiting = face.close();
      await face.close({ timeout: 50 });
      await waiting;
      expect(await blocked).to.be.instanceOf(ClosedError);
    });

    it('waits no longer than the calls take', async () => {
      const face = await FaceService.open({ library, host });
      const call = face.call('x', success);
      await face.close({ timeout: 2 ** 31 - 1 });
      expect(await call).to.include(success);
    });

    it('refuses a time that is none', async () => {
      const face = await FaceService.open({ library, host });
      for (const timeout of [-1, 1.5, 2 ** 31])
        expect(await rejection(face.close({ timeout }))).to.be.instanceOf(InvalidParameterError);
      expect(await face.call('x', success)).to.include(success);
      await face.close();
    });

    it('lets the till end while a call hangs', async () => {
      const { code, stdout } = await run('till.js', library, host, 'close', '');
      expect(JSON.parse(stdout)).to.deep.equal({ rejected: 'ERR_CLOSED' });
      expect(code).to.equal(7);
    });

    if (host === 'host-process')
      it('lets the till end while a child of the library lives on with its pipes', async () => {
        expect(await run('till.js', testLibrary('printer'), host, 'leave_bare_child', '')).to.have.property('code', 7);
      });
  });
