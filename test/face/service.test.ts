import diagnostics_channel from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  ClosedError,
  FaceService,
  InvalidParameterError,
  ServiceCallError,
  ServiceCommandError,
  ServiceResponseError,
} from 'wxpay-face';
import { stubPath, testLibrary } from '../support/native.js';
import { deferred, PipeServer } from '../support/pipe-server.js';
import { rejection } from '../support/rejection.js';
import { skip } from '../support/skip.js';

const authinfo = '0CSmor/Pp4vC7WE5CsJxet4Sg+D24C8eJxAMjjkBEl58hDLmofPunD';
const merchant = { appid: 'wx97debaxyzabcca2', mch_id: '1281087510', authinfo };
const shop = { ...merchant, store_id: 'IMG001' };
const recognition = { ...shop, face_authtype: 'FACEPAY', face_code_type: '1' } as const;
const recognised = { return_code: 'SUCCESS', face_code: '120061098828009406', openid: 'o7MkX0tA' };

const services: FaceService[] = [];

for (const host of ['in-process', 'host-process'] as const)
  describe(`FaceService (${host})`, () => {
    let service: PipeServer;
    async function open(library = stubPath): Promise<FaceService> {
      const face = await FaceService.open({ library, host });
      services.push(face);
      return face;
    }

    before(async () => {
      service = await PipeServer.start();
      process.env.WXPAY_FACE_PIPE = service.path;
    });
    beforeEach(() => {
      service.requests.length = 0;
      service.answer = () => ({ return_code: 'SUCCESS', return_msg: 'SUCCESS' });
    });
    afterEach(async () => {
      await Promise.all(services.splice(0).map((face) => face.close()));
    });
    after(async () => {
      delete process.env.WXPAY_FACE_PIPE;
      await service.close();
    });

    it('says what it opened', async () => {
      const face = await open();
      expect(face.library).to.include({ path: stubPath, arch: process.arch, host });
      expect(face.library.version).to.equal(process.platform === 'win32' ? '1.26.0.0' : undefined);
      expect(Object.isFrozen(face.library)).to.equal(true);
    });

    describe('sends', () => {
      it("each command under the vendor's name, with the common fields and its own", async () => {
        const face = await open();
        const success = { return_code: 'SUCCESS', return_msg: 'SUCCESS' };
        expect(await face.initWxpayface()).to.deep.equal(success);
        expect(await face.initWxpayface({ ip: '10.0.0.1', port: '8356', proxy_type: 3 })).to.deep.equal(success);
        service.answer = () => ({ ...success, rawdata: 'raw' });
        expect(await face.getWxpayfaceRawdata()).to.deep.equal({ ...success, rawdata: 'raw' });
        service.answer = () => ({ ...recognised, face_sid: 'sid' });
        expect(await face.getWxpayfaceCode(recognition)).to.deep.equal({ ...recognised, face_sid: 'sid' });
        service.answer = () => success;
        expect(await face.updateWxpayfacePayResult({ ...shop, payresult: 'ERROR' })).to.deep.equal(success);
        expect(await face.stopWxpayface(merchant)).to.deep.equal(success);
        expect(await face.releaseWxpayface()).to.deep.equal(success);
        const common = { version: '1', now: 0 };
        expect(service.requests.map((request) => ({ ...request, now: 0 }))).to.deep.equal([
          { cmd: 'initWxpayface', ...common },
          { cmd: 'initWxpayface', ...common, ip: '10.0.0.1', port: '8356', proxy_type: 3 },
          { cmd: 'getWxpayfaceRawdata', ...common },
          { cmd: 'getWxpayfaceCode', ...common, ...recognition },
          { cmd: 'updateWxpayfacePayResult', ...common, ...shop, payresult: 'ERROR' },
          { cmd: 'stopWxpayface', ...common, ...merchant },
          { cmd: 'releaseWxpayface', ...common },
        ]);
        for (const { now } of service.requests) expect(String(now)).to.match(/^[0-9]{10}$/);
      });

      it('no parameter that is undefined', async () => {
        const face = await open();
        service.answer = () => recognised;
        await face.getWxpayfaceCode({ ...recognition, openid: undefined, sub_appid: undefined });
        expect(service.requests[0]).to.have.all.keys('cmd', 'version', 'now', ...Object.keys(recognition));
      });

      it('the commands of the other pages, and what is not known of them', async () => {
        const face = await open();
        const user = { return_code: 'SUCCESS', openid: 'o7MkX0tA', token: 't', nickname: '王小明' };
        service.answer = ({ cmd }) => (cmd === 'getWxpayfaceUserInfo' ? user : { return_code: 'SUCCESS' });
        const params = { ...shop, face_authtype: 'FACEID-ONCE' };
        expect(await face.getWxpayfaceUserInfo({ ...params, sub_appid: undefined, extra: 1 })).to.deep.equal(user);
        expect(await face.getWxpayfaceUserInfo({ appid: 'a' })).to.deep.equal(user);
        expect(await face.getWxpayAuth({ ...shop, quit_face_auth: '1' })).to.deep.equal({ return_code: 'SUCCESS' });
        expect(service.requests.map(({ version: _, now: __, ...request }) => request)).to.deep.equal([
          { cmd: 'getWxpayfaceUserInfo', ...params, extra: 1 },
          { cmd: 'getWxpayfaceUserInfo', appid: 'a' },
          { cmd: 'getWxpayAuth', ...shop, quit_face_auth: '1' },
        ]);
        service.answer = () => ({ return_code: 'USER_CANCEL' });
        expect(await face.getWxpayfaceUserInfo(params)).to.deep.equal({ return_code: 'USER_CANCEL' });
        service.answer = () => ({ return_code: 'SUCCESS', openid: 1 });
        expect(await rejection(face.getWxpayfaceUserInfo(params))).to.be.instanceOf(ServiceResponseError);
      });

      it('any other command, and returns whatever comes', async () => {
        const face = await open();
        service.answer = () => ({ return_code: 'NOT_YET', people: [{ name: '王小明' }] });
        const answer = await face.call('getWxpayfaceUserInfo', { store_id: '门店' });
        expect(answer).to.deep.equal({ return_code: 'NOT_YET', people: [{ name: '王小明' }] });
        expect(service.requests[0]).to.include({ cmd: 'getWxpayfaceUserInfo', version: '1', store_id: '门店' });
      });

      it('a listed command through call() as it is given', async () => {
        const face = await open();
        service.answer = () => ({ return_code: 'PARAM_ERROR' });
        expect(await face.call('getWxpayfaceCode', { appid: 'x' })).to.deep.equal({ return_code: 'PARAM_ERROR' });
      });
    });

    describe('refuses, before anything is sent,', () => {
      const bad: ReadonlyArray<readonly [string, string, (face: FaceService) => Promise<unknown>]> = [
        ['a proxy without its port', 'port', (face) => face.initWxpayface({ ip: '10.0.0.1' })],
        ['a port without its proxy', 'ip', (face) => face.initWxpayface({ port: '80' })],
        ['a port that is no number', 'port', (face) => face.initWxpayface({ ip: '10.0.0.1', port: 'http' })],
        ['a user without a password', 'passwd', (face) => face.initWxpayface({ user: 'u' })],
        ['a password without a user', 'user', (face) => face.initWxpayface({ passwd: authinfo })],
        ['an unknown proxy type', 'proxy_type', (face) => face.initWxpayface({ proxy_type: 4 })],
        ['a camera on its side', 'camera_rotation', (face) => face.initWxpayface({ camera_rotation: 90 })],
        ['no merchant', 'mch_id', (face) => face.getWxpayfaceCode({ ...recognition, mch_id: '' })],
        ['no authinfo', 'authinfo', (face) => face.stopWxpayface({ ...merchant, authinfo: '' })],
        [
          'a facepay without its order',
          'out_trade_no',
          (face) => face.getWxpayfaceCode({ ...recognition, face_code_type: '0' }),
        ],
        [
          'a facepay without its amount',
          'total_fee',
          (face) => face.getWxpayfaceCode({ ...recognition, face_code_type: undefined, out_trade_no: '1' }),
        ],
        ['a fraction of a fen', 'total_fee', (face) => face.getWxpayfaceCode({ ...recognition, total_fee: '1.5' })],
        [
          'an illegal order number',
          'out_trade_no',
          (face) => face.getWxpayfaceCode({ ...recognition, out_trade_no: 'a b' }),
        ],
        [
          'a long order number',
          'out_trade_no',
          (face) => face.getWxpayfaceCode({ ...recognition, out_trade_no: '1'.repeat(33) }),
        ],
        ['the 0th screen', 'screen_index', (face) => face.getWxpayfaceCode({ ...recognition, screen_index: '0' })],
        ['an emoji', 'store_id', (face) => face.getWxpayfaceCode({ ...recognition, store_id: '🏪' })],
        ['an emoji in a field of its own', 'note', (face) => face.call('x', { note: '🏪' })],
        ['half an emoji', 'note', (face) => face.call('x', { note: '\ud83c' })],
        ['a command without a name', 'cmd', (face) => face.call('')],
      ];
      for (const [what, parameter, send] of bad)
        it(what, async () => {
          const error = await rejection(send(await open()));
          expect(error).to.be.instanceOf(InvalidParameterError).with.property('parameter', parameter);
          expect(inspect(error)).not.to.include(authinfo);
          expect(service.requests).to.deep.equal([]);
        });
    });

    it('refuses an opening by what are no options', async () => {
      for (const [parameter, given] of [
        ['options', stubPath],
        ['options', null],
        ['options', [stubPath]],
        ['path', { path: stubPath, host }],
        ['timeout', { library: stubPath, host, timeout: 1000 }],
      ] as const) {
        const error = await rejection(Reflect.apply(FaceService.open, FaceService, [given]));
        expect(error).to.be.instanceOf(InvalidParameterError).with.property('parameter', parameter);
      }
    });

    describe('takes from the service', () => {
      for (const return_code of ['USER_CANCEL', 'SCAN_PAYMENT'] as const)
        it(`${return_code} as a value`, async () => {
          const face = await open();
          service.answer = () => ({ return_code });
          expect(await face.getWxpayfaceCode(recognition)).to.deep.equal({ return_code });
        });

      it('an identity instead of a face_code for FACE_AUTH, without an order', async () => {
        const face = await open();
        service.answer = () => ({ return_code: 'SUCCESS', id_name: '王小明' });
        const answer = await face.getWxpayfaceCode({ ...shop, face_authtype: 'FACE_AUTH' });
        expect(answer).to.deep.equal({ return_code: 'SUCCESS', id_name: '王小明' });
      });

      it('any other return_code as an error that has it, and its words without the credentials', async () => {
        const face = await open();
        service.answer = () => ({ return_code: 'PARAM_ERROR', return_msg: `authinfo ${authinfo} 无效` });
        const error = await rejection(face.getWxpayfaceCode(recognition));
        expect(error).to.be.instanceOf(ServiceCommandError);
        expect(error).to.include({
          code: 'ERR_SERVICE_COMMAND',
          cmd: 'getWxpayfaceCode',
          return_code: 'PARAM_ERROR',
          return_msg: 'authinfo *** 无效',
        });
        expect(inspect(error)).not.to.include(authinfo);
      });

      it('USER_CANCEL as an error where nobody was asked', async () => {
        const face = await open();
        service.answer = () => ({ return_code: 'USER_CANCEL' });
        expect(await rejection(face.initWxpayface())).to.be.instanceOf(ServiceCommandError);
      });

      for (const [what, answer] of [
        ['without face_code', { return_code: 'SUCCESS', openid: 'o' }],
        ['without openid', { return_code: 'SUCCESS', face_code: '120061098828009406' }],
        ['with a face_code that is a number', { return_code: 'SUCCESS', face_code: 120061098828009400, openid: 'o' }],
        ['with a face_sid that is a number', { ...recognised, face_sid: 1 }],
      ] as const)
        it(`no SUCCESS ${what}`, async () => {
          const face = await open();
          service.answer = () => answer;
          const error = await rejection(face.getWxpayfaceCode(recognition));
          expect(error).to.be.instanceOf(ServiceResponseError).with.property('cmd', 'getWxpayfaceCode');
          expect(inspect(error)).not.to.include('1200610988280094');
        });

      it('null as absent where a field may be absent', async () => {
        const face = await open();
        service.answer = () => ({ ...recognised, return_msg: null, sub_openid: null });
        expect(await face.getWxpayfaceCode(recognition)).to.deep.equal(recognised);
      });

      it('no rawdata but in text', async () => {
        const face = await open();
        service.answer = () => ({ return_code: 'SUCCESS', rawdata: '' });
        expect(await rejection(face.getWxpayfaceRawdata())).to.be.instanceOf(ServiceResponseError);
      });

      it('no bytes that are not a response, and gives their memory back', async () => {
        const face = await open(testLibrary('faulty'));
        for (const cmd of [
          'null_empty',
          'null_sized',
          'empty',
          'too_long',
          'absurd',
          'invalid_utf8',
          'raw_surrogate',
          'escaped_surrogate',
          'not_json',
          'array',
          'without_code',
        ]) {
          const error = await rejection(face.call(cmd));
          expect(error, cmd)
            .to.be.instanceOf(ServiceResponseError)
            .that.includes({ code: 'ERR_SERVICE_RESPONSE', cmd });
        }
        expect(await face.call('report')).to.include({ outstanding: 0 });
      });
    });

    describe('says that the library said no:', () => {
      it('the WxpayFaceService program is not running', async () => {
        process.env.WXPAY_FACE_PIPE = `${service.path}-of-nobody`;
        const face = await open();
        process.env.WXPAY_FACE_PIPE = service.path;
        // In this process the library reads the environment at each call.
        if (host === 'in-process') process.env.WXPAY_FACE_PIPE = `${service.path}-of-nobody`;
        const error = await rejection(face.initWxpayface());
        process.env.WXPAY_FACE_PIPE = service.path;
        expect(error).to.be.instanceOf(ServiceCallError);
        expect(error).to.include({ code: 'ERR_SERVICE_CALL', cmd: 'initWxpayface', returnValue: -1 });
        expect(error).to.have.property('message').that.includes('start the WxpayFaceService program');
      });

      it('the connection broke', async () => {
        const face = await open();
        service.answer = () => 'broken';
        expect(await rejection(face.initWxpayface()))
          .to.be.instanceOf(ServiceCallError)
          .with.property('returnValue', -3);
      });

      for (const [cmd, returnValue] of [
        ['refuse', -7],
        ['refuse_lowest', -(2 ** 31)],
      ] as const)
        it(`for a reason that nobody knows (${returnValue})`, async () => {
          const face = await open(testLibrary('faulty'));
          const error = await rejection(face.call(cmd));
          expect(error).to.be.instanceOf(ServiceCallError).with.property('returnValue', returnValue);
        });
    });

    it("gives its errors the caller's place in the stack", async () => {
      const face = await open(testLibrary('faulty'));
      for (const [cmd, name] of [
        ['refuse', 'ServiceCallError'],
        ['not_json', 'ServiceResponseError'],
        ['null_sized', 'ServiceResponseError'],
      ] as const) {
        const error = await (async function cashier() {
          return rejection(face.call(cmd));
        })();
        expect(inspect(error)).to.match(new RegExp(`^${name}: .*\\n +at .*cashier`));
      }
    });

    it('gives its errors no invented place where there is none to give', async () => {
      const face = await open(testLibrary('faulty'));
      const limit = Error.stackTraceLimit;
      Error.stackTraceLimit = 0;
      try {
        const error = await rejection(face.call('refuse'));
        expect(error)
          .to.have.property('stack')
          .that.matches(/^ServiceCallError: refuse: the library returned -7$/);
      } finally {
        Error.stackTraceLimit = limit;
      }
    });

    describe('lets its commands', () => {
      it('wait for one another, in the order of the calls', async () => {
        const face = await open();
        const gates = [deferred<void>(), deferred<void>(), deferred<void>()];
        let running = 0;
        service.answer = async () => {
          const gate = gates[service.requests.length - 1];
          expect(++running).to.equal(1);
          await gate?.promise;
          running--;
          return { return_code: 'SUCCESS', rawdata: 'raw' };
        };
        const calls = [face.initWxpayface(), face.getWxpayfaceRawdata(), face.call('releaseWxpayface')];
        for (const [index, gate] of gates.entries()) {
          await service.received(['initWxpayface', 'getWxpayfaceRawdata', 'releaseWxpayface'][index] ?? '');
          expect(service.requests).to.have.length(index + 1);
          gate.resolve();
        }
        await Promise.all(calls);
      });

      it('go on after one that failed', async () => {
        const face = await open();
        service.answer = ({ cmd }) => (cmd === 'initWxpayface' ? 'broken' : { return_code: 'SUCCESS' });
        const failed = rejection(face.initWxpayface());
        await face.releaseWxpayface();
        expect(await failed).to.be.instanceOf(ServiceCallError);
      });

      it('be overtaken by stopWxpayface, and by what this package does not know', async () => {
        const face = await open();
        const shown = deferred<{ return_code: string }>();
        service.answer = ({ cmd }) => (cmd === 'getWxpayfaceCode' ? shown.promise : { return_code: 'SUCCESS' });
        const code = face.getWxpayfaceCode(recognition);
        await service.received('getWxpayfaceCode');
        await face.stopWxpayface(merchant);
        await face.call('stopWxpayface', merchant);
        await face.call('reportInfo');
        shown.resolve({ return_code: 'USER_CANCEL' });
        expect(await code).to.deep.equal({ return_code: 'USER_CANCEL' });
      });

      it('run without the lane of another service', async () => {
        const [one, other] = [await open(), await open()];
        const shown = deferred<{ return_code: string }>();
        service.answer = ({ cmd }) => (cmd === 'getWxpayfaceCode' ? shown.promise : { return_code: 'SUCCESS' });
        const code = one.getWxpayfaceCode(recognition);
        await service.received('getWxpayfaceCode');
        await other.initWxpayface();
        shown.resolve({ return_code: 'USER_CANCEL' });
        await code;
      });
    });

    describe('when a recognition is aborted', () => {
      const reason = new Error('the cashier changed his mind');

      /** A recognition that is shown to a customer, until `answer` says how it ended. */
      async function shown(face: FaceService) {
        const ended = deferred<Record<string, unknown> | 'broken'>();
        const stop: { answer: Record<string, unknown> | 'broken' } = { answer: { return_code: 'SUCCESS' } };
        service.answer = ({ cmd }) => (cmd === 'getWxpayfaceCode' ? ended.promise : stop.answer);
        const abort = new AbortController();
        const code = face.getWxpayfaceCode(recognition, { signal: abort.signal });
        await service.received('getWxpayfaceCode');
        return { code, abort, stop, answer: ended.resolve };
      }

      it('before it begins, sends nothing', async () => {
        const face = await open();
        const error = await rejection(face.getWxpayfaceCode(recognition, { signal: AbortSignal.abort(reason) }));
        expect(error).to.equal(reason);
        expect(service.requests).to.deep.equal([]);
      });

      it('in the queue, rejects at once and sends nothing', async () => {
        const face = await open();
        const { code, answer } = await shown(face);
        const abort = new AbortController();
        const second = face.getWxpayfaceCode({ ...recognition, store_id: 'second' }, { signal: abort.signal });
        abort.abort(reason);
        expect(await rejection(second)).to.equal(reason);
        answer({ return_code: 'USER_CANCEL' });
        await code;
        await face.releaseWxpayface();
        expect(service.cmds).to.deep.equal(['getWxpayfaceCode', 'releaseWxpayface']);
      });

      it('sends stopWxpayface for it, and waits for the answer of the recognition', async () => {
        const face = await open();
        const { code, abort, answer } = await shown(face);
        let settled = false;
        const outcome = rejection(code).finally(() => {
          settled = true;
        });
        abort.abort(reason);
        await service.received('stopWxpayface');
        expect({ ...service.requests[1], now: 0 }).to.deep.equal({
          cmd: 'stopWxpayface',
          version: '1',
          now: 0,
          ...merchant,
        });
        await face.call('anything');
        expect(settled).to.equal(false);
        answer({ return_code: 'USER_CANCEL' });
        expect(await outcome).to.equal(reason);
      });

      it('sends it again while the service has nothing to stop yet', async () => {
        const face = await open();
        const { code, abort, answer } = await shown(face);
        const recognise = service.answer;
        service.answer = (request) => (request.cmd === 'stopWxpayface' ? { return_code: 'ERROR' } : recognise(request));
        const outcome = rejection(code);
        abort.abort(reason);
        await service.received('stopWxpayface', 2);
        answer({ return_code: 'USER_CANCEL' });
        expect(await outcome).to.equal(reason);
      });

      it('in the same tick, sends nothing', async () => {
        const face = await open();
        const abort = new AbortController();
        const outcome = rejection(face.getWxpayfaceCode(recognition, { signal: abort.signal }));
        abort.abort(reason);
        expect(await outcome).to.equal(reason);
        expect(service.requests).to.deep.equal([]);
      });

      it('does not lose a stop that came before its recognition, and was told SUCCESS', async () => {
        const face = await open();
        const { code, abort, answer } = await shown(face);
        const recognise = service.answer;
        service.answer = (request) => {
          // The service heard of the recognition only after the first stop: it ends for a later one.
          if (request.cmd === 'stopWxpayface' && service.cmds.filter((cmd) => cmd === request.cmd).length > 1)
            answer({ return_code: 'ERROR' });
          return recognise(request);
        };
        const outcome = rejection(code);
        abort.abort(reason);
        expect(await outcome).to.equal(reason);
        expect(service.cmds.slice(0, 3)).to.deep.equal(['getWxpayfaceCode', 'stopWxpayface', 'stopWxpayface']);
      });

      it('keeps the next customer away from a stop that is on its way', async () => {
        const face = await open();
        const { code, abort, answer } = await shown(face);
        const stopped = deferred<Record<string, unknown>>();
        const recognise = service.answer;
        service.answer = (request) => (request.cmd === 'stopWxpayface' ? stopped.promise : recognise(request));
        abort.abort(reason);
        await service.received('stopWxpayface');
        answer({ return_code: 'ERROR' });
        expect(await rejection(code)).to.equal(reason);
        const next = face.getWxpayfaceCode(recognition).catch(() => {});
        let closed = false;
        const closing = face.close().then(() => {
          closed = true;
        });
        await new Promise((resolve) => setTimeout(resolve, 50));
        expect(service.cmds).to.deep.equal(['getWxpayfaceCode', 'stopWxpayface']);
        expect(closed).to.equal(false);
        stopped.resolve({ return_code: 'SUCCESS' });
        await Promise.all([next, closing]);
        expect(service.cmds).to.deep.equal(['getWxpayfaceCode', 'stopWxpayface', 'getWxpayfaceCode']);
      });

      it('returns a code that came first', async () => {
        const face = await open();
        const { code, abort, answer } = await shown(face);
        abort.abort(reason);
        await service.received('stopWxpayface');
        answer(recognised);
        expect(await code).to.deep.equal(recognised);
      });

      for (const [what, answer] of [
        ['SCAN_PAYMENT', { return_code: 'SCAN_PAYMENT' }],
        ['an error', { return_code: 'ERROR' }],
        ['a broken answer', { return_code: 'SUCCESS' }],
        ['no answer', 'broken'],
      ] as const)
        it(`rejects with the reason of the abort on ${what}`, async () => {
          const face = await open();
          const recognising = await shown(face);
          recognising.abort.abort(reason);
          await service.received('stopWxpayface');
          recognising.answer(answer);
          expect(await rejection(recognising.code)).to.equal(reason);
        });

      it('does not mind that stopWxpayface fails', async () => {
        const face = await open();
        const { code, abort, answer, stop } = await shown(face);
        const unhandled: unknown[] = [];
        const listen = (error: unknown) => unhandled.push(error);
        process.on('unhandledRejection', listen);
        try {
          stop.answer = 'broken';
          abort.abort(reason);
          await service.received('stopWxpayface');
          answer({ return_code: 'ERROR' });
          expect(await rejection(code)).to.equal(reason);
          await face.close();
          await new Promise((resolve) => setImmediate(resolve));
          expect(unhandled).to.deep.equal([]);
        } finally {
          process.off('unhandledRejection', listen);
        }
      });

      it('afterwards, does nothing', async () => {
        const face = await open();
        const { code, abort, answer } = await shown(face);
        answer({ return_code: 'SCAN_PAYMENT' });
        expect(await code).to.deep.equal({ return_code: 'SCAN_PAYMENT' });
        abort.abort(reason);
        await face.releaseWxpayface();
        expect(service.cmds).to.deep.equal(['getWxpayfaceCode', 'releaseWxpayface']);
      });
    });

    it('stops a look at a user that is aborted, as it stops a recognition', async () => {
      const face = await open();
      const reason = new Error('the cashier changed his mind');
      const shown = deferred<{ return_code: string }>();
      service.answer = ({ cmd }) => (cmd === 'getWxpayfaceUserInfo' ? shown.promise : { return_code: 'SUCCESS' });
      const abort = new AbortController();
      const user = rejection(face.getWxpayfaceUserInfo(shop, { signal: abort.signal }));
      const next = face.initWxpayface();
      await service.received('getWxpayfaceUserInfo');
      abort.abort(reason);
      await service.received('stopWxpayface');
      expect(service.requests[1]).to.include(merchant);
      shown.resolve({ return_code: 'USER_CANCEL' });
      expect(await user).to.equal(reason);
      await next;
      expect(service.cmds).to.deep.equal(['getWxpayfaceUserInfo', 'stopWxpayface', 'initWxpayface']);
    });

    it('lets go of a result screen that nobody confirms', async () => {
      const face = await open();
      const confirmed = deferred<{ return_code: string }>();
      service.answer = ({ cmd }) =>
        cmd === 'updateWxpayfacePayResult' ? confirmed.promise : { return_code: 'SUCCESS' };
      const abort = new AbortController();
      const told = rejection(
        face.updateWxpayfacePayResult({ ...shop, payresult: 'SUCCESS' }, { signal: abort.signal }),
      );
      const next = face.initWxpayface();
      await service.received('updateWxpayfacePayResult');
      const reason = new Error('the next customer');
      abort.abort(reason);
      await next;
      await face.close();
      confirmed.resolve({ return_code: 'ERROR' });
      expect(await told).to.equal(reason);
      expect(service.cmds).to.deep.equal(['updateWxpayfacePayResult', 'initWxpayface']);
    });

    describe('when it is closed', () => {
      it('waits for the calls in flight, and refuses later ones', async () => {
        const face = await open();
        const shown = deferred<{ return_code: string }>();
        service.answer = ({ cmd }) => (cmd === 'getWxpayfaceCode' ? shown.promise : { return_code: 'SUCCESS' });
        const code = face.getWxpayfaceCode(recognition);
        const queued = face.releaseWxpayface();
        await service.received('getWxpayfaceCode');
        let closed = false;
        const closing = face.close().then(() => {
          closed = true;
        });
        expect(await rejection(face.initWxpayface()))
          .to.be.instanceOf(ClosedError)
          .with.property('code', 'ERR_CLOSED');
        expect(await rejection(face.call('x'))).to.be.instanceOf(ClosedError);
        expect(closed).to.equal(false);
        shown.resolve({ return_code: 'USER_CANCEL' });
        expect(await code).to.deep.equal({ return_code: 'USER_CANCEL' });
        expect(await queued).to.deep.equal({ return_code: 'SUCCESS' });
        await closing;
      });

      it('can still be aborted', async () => {
        const face = await open();
        service.answer = async ({ cmd }) => {
          if (cmd === 'getWxpayfaceCode') await service.received('stopWxpayface');
          return { return_code: 'USER_CANCEL' };
        };
        const abort = new AbortController();
        const code = rejection(face.getWxpayfaceCode(recognition, { signal: abort.signal }));
        await service.received('getWxpayfaceCode');
        const closing = face.close();
        abort.abort();
        expect(await code).to.equal(abort.signal.reason);
        await closing;
      });

      it('again, does nothing', async () => {
        const face = await open();
        await Promise.all([face.close(), face.close()]);
        await face.close();
        expect(await rejection(face.initWxpayface())).to.be.instanceOf(ClosedError);
      });

      it('by `await using` is the same', async function () {
        if (typeof Symbol.asyncDispose !== 'symbol') return skip(this, "this Node.js doesn't have it");
        const face = await open();
        await face[Symbol.asyncDispose]();
        expect(await rejection(face.initWxpayface())).to.be.instanceOf(ClosedError);
        expect(FaceService.prototype).not.to.have.property('undefined');
      });
    });

    it('tells diagnostics_channel of each call, without a secret', async () => {
      const events: unknown[] = [];
      const listen = (event: unknown) => events.push(event);
      diagnostics_channel.subscribe('wxpay-face.face.call', listen);
      try {
        const face = await open();
        service.answer = () => recognised;
        await face.getWxpayfaceCode(recognition);
        service.answer = () => ({ return_code: 'ERROR', return_msg: authinfo });
        await rejection(face.stopWxpayface(merchant));
        service.answer = () => 'broken';
        await rejection(face.call('x'));
      } finally {
        diagnostics_channel.unsubscribe('wxpay-face.face.call', listen);
      }
      expect(events.map((event) => ({ ...Object(event), startTime: 0, duration: 0 }))).to.deep.equal([
        { cmd: 'getWxpayfaceCode', startTime: 0, duration: 0, return_code: 'SUCCESS' },
        { cmd: 'stopWxpayface', startTime: 0, duration: 0, return_code: 'ERROR' },
        { cmd: 'x', startTime: 0, duration: 0, error: 'ERR_SERVICE_CALL' },
      ]);
      for (const event of events) expect(Object(event).duration).to.be.a('number').and.at.least(0);
    });
  });
