import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { FacePay, FaceService, type Merchant } from 'wxpay-face';
import { stubPath } from '../support/native.js';
import { deferred, PipeServer } from '../support/pipe-server.js';
import { skip } from '../support/skip.js';
import { newOrder, terminal } from '../support/till.js';

const merchant: Merchant = {
  identity: { appid: 'wx8888888888888888', mch_id: '1900000109' },
  getWxpayfaceAuthinfo: async () => ({ return_code: 'SUCCESS', authinfo: 'a', expires_in: 3600 }),
  pay: async ({ out_trade_no, total_fee }) => ({
    status: 'paid',
    out_trade_no,
    transaction_id: '4200',
    total_fee,
    response: {},
  }),
  outcome: async () => undefined,
};

/** Field `name` of /proc/PID/status. */
const statusOf = (pid: number | string, name: string): string =>
  new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';

/** Threads of the process that loads the library: this one, or its only child of that name. */
function threads(host: 'in-process' | 'host-process'): number {
  if (host === 'in-process') return Number(statusOf('self', 'Threads'));
  const isHost = (pid: string): boolean => {
    try {
      return statusOf(pid, 'Name') === 'wxpay-face-host' && statusOf(pid, 'PPid') === String(process.pid);
    } catch {
      return false; // it has ended meanwhile
    }
  };
  const hosts = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name) && isHost(name));
  return Math.max(0, ...hosts.map((pid) => Number(statusOf(pid, 'Threads'))));
}

for (const host of ['in-process', 'host-process'] as const)
  describe(`A customer's screen that is never confirmed (${host})`, () => {
    let service: PipeServer;
    let face: FaceService;
    let facePay: FacePay;
    /** Ends the calls that wait for a customer, and those that come later. */
    let confirmed: ReturnType<typeof deferred<void>>;
    const warnings: Error[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    const told = () => service.cmds.filter((cmd) => cmd === 'updateWxpayfacePayResult').length;

    beforeEach(async () => {
      service = await PipeServer.start();
      process.env.WXPAY_FACE_PIPE = service.path;
      confirmed = deferred();
      service.answer = async ({ cmd }) => {
        if (cmd === 'updateWxpayfacePayResult') await confirmed.promise;
        const face_code = '120061098828009406';
        return { return_code: 'SUCCESS', rawdata: 'r', ...(cmd === 'getWxpayfaceCode' && { face_code, openid: 'o' }) };
      };
      face = await FaceService.open({ library: stubPath, host });
      facePay = new FacePay({ face, merchant, terminal, screenTimeout: 5 });
      warnings.length = 0;
      process.on('warning', listen);
    });

    afterEach(async () => {
      process.off('warning', listen);
      confirmed.resolve();
      await facePay.close();
      await face.close();
      await service.close();
      delete process.env.WXPAY_FACE_PIPE;
    });

    async function sell(sales: number): Promise<void> {
      for (let sale = 0; sale < sales; sale++) expect(await facePay.pay(newOrder())).to.have.property('status', 'paid');
    }

    it('costs at most 8 threads, however many customers there are', async function () {
      if (process.platform !== 'linux') return skip(this, 'threads are counted in /proc');
      await sell(1);
      const before = threads(host);
      let most = before;
      for (let sale = 1; sale < 300; sale++) {
        await sell(1);
        most = Math.max(most, threads(host));
      }
      const expected = host === 'in-process' ? 8 : 300;
      // A sale does not wait until the service has heard of it.
      await service.received('updateWxpayfacePayResult', expected);
      expect(told()).to.equal(expected);
      if (host === 'in-process') expect(most - before).to.be.below(11);
      else expect(most).to.be.within(8, 11);
      const codes = warnings.map((warning) => Reflect.get(warning, 'code'));
      expect(codes).to.deep.equal(host === 'in-process' ? ['WXPAY_FACE_SCREEN'] : []);
    }).timeout(60_000);

    it('is cleared by a release before the next customer, and told again once the calls have returned', async () => {
      await sell(9);
      const expected = host === 'in-process' ? 8 : 9;
      // A sale does not wait until the service has heard of it.
      await service.received('updateWxpayfacePayResult', expected);
      expect(told()).to.equal(expected);
      expect(service.cmds.filter((cmd) => cmd === 'initWxpayface')).to.have.length(9);
      confirmed.resolve();
      // Their answers are on the way: the release of the next sale comes behind them.
      await sell(2);
      await service.received('updateWxpayfacePayResult', expected + 1);
      await sell(2);
      await service.received('updateWxpayfacePayResult', expected + 3);
    });

    it('is not taken for confirmed because an earlier one is', async () => {
      const calls: Array<ReturnType<typeof deferred<void>>> = [];
      const answer = service.answer;
      service.answer = async (request) => {
        if (request.cmd !== 'updateWxpayfacePayResult') return answer(request);
        const call = deferred<void>();
        calls.push(call);
        await call.promise;
        return { return_code: 'SUCCESS' };
      };
      await sell(2);
      await service.received('updateWxpayfacePayResult', 2);
      const [first, second] = calls;
      first?.resolve();
      // Behind that answer on its way.
      await face.call('reportInfo');
      await sell(1);
      expect(service.cmds.filter((cmd) => cmd === 'initWxpayface')).to.have.length(3);
      second?.resolve();
      await service.received('updateWxpayfacePayResult', 3);
      calls[2]?.resolve();
    });
  });
