import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openTill, PayClient, PayClientV3, type PayClientV3Options, type Till } from 'wxpay-face';
import { type ScenarioSettings, type Simulator, startSimulator } from 'wxpay-face/simulator';
import { PayProtocolError } from '../../lib/pay/errors.js';
import { seenOf } from '../../lib/terminal/gateway-sight.js';
import { merchantCertificate } from '../support/certificates.js';
import { newOrder, terminal } from '../support/till.js';

/** The customer's code on the screen of a telephone. */
const code = '134567890123456789';

describe('A whole till whose merchant is a client of API v3', () => {
  let simulator: Simulator;
  let folder: string;
  let v2: PayClient;
  const clients: PayClientV3[] = [];
  let till: Till;
  const become = (scenario: ScenarioSettings = {}) => {
    simulator.scenario = { faceDelay: 10, confirmDelay: 0, latency: 0, ...scenario };
  };
  const calls = () => simulator.calls.filter(({ to }) => to === 'pay').map(({ name }) => name);
  const open = async (change: Partial<PayClientV3Options> = { v2 }): Promise<PayClientV3> => {
    const client = new PayClientV3({ ...simulator.clientV3, ...change });
    clients.push(client);
    till = await openTill({
      face: { library: simulator.library },
      merchant: client,
      journal: join(folder, 'payments'),
      terminal,
      onOutcome: () => undefined,
      reversal: { notBefore: 100 },
    });
    return client;
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'till-v3-'));
    simulator = await startSimulator();
    v2 = new PayClient(simulator.client);
    become();
  });
  afterEach(async () => {
    await till.close();
    for (const client of clients.splice(0)) client.close();
    v2.close();
    await simulator.close();
    rmSync(folder, { recursive: true });
  });

  it('takes a face by v2 and a scanned code by v3, gives both back, and agrees with the bill', async () => {
    const client = await open();
    const [byFace, byCode] = [newOrder(), newOrder()];
    expect(await till.pay(byFace)).to.include({ status: 'paid' });
    expect(await till.payByCode(byCode, code)).to.include({ status: 'paid' });
    expect(calls().filter((name) => name.endsWith('pay'))).to.deep.equal(['micropay', 'codepay']);
    for (const { out_trade_no } of [byFace, byCode]) {
      const refund = { out_refund_no: `R-${out_trade_no}`, refund_fee: 50 };
      expect(await till.refund(out_trade_no, refund)).to.include({ status: 'processing' });
    }
    become({ bill: 'early' });
    const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '');
    for await (const difference of till.reconcile(today)) expect.fail(difference.kind);
    expect(till.health).to.deep.include({ merchant: 'reachable', warnings: [] });
    await till.close();
    // It is its owner's.
    expect(await client.orderquery({ out_trade_no: byCode.out_trade_no })).to.include({ result_code: 'SUCCESS' });
  });

  it('takes a face by v3 if its client is told so', async () => {
    await open({ v2, faceCodes: 'v3' });
    expect(await till.pay(newOrder())).to.include({ status: 'paid' });
    expect(calls()).to.include('codepay').and.not.include('micropay');
  });

  it('goes on, after it was closed, with what each API had begun', async () => {
    await open();
    const [byFace, byCode] = [newOrder(), newOrder()];
    become({ reverse: 'SYSTEMERROR', scenario: 'userpaying-forever' });
    const atPassword = () => {
      const abort = new AbortController();
      const onProgress = ({ step }: { step: string }) => void (step === 'password' && abort.abort());
      return { signal: abort.signal, onProgress };
    };
    expect(await till.pay(byFace, atPassword())).to.include({ status: 'reversing' });
    expect(await till.payByCode(byCode, code, atPassword())).to.include({ status: 'reversing' });
    await till.close();
    become();
    await open();
    for (const { out_trade_no } of [byFace, byCode])
      expect(await till.settled(out_trade_no)).to.include({ status: 'reversed' });
  });

  it('takes scanned codes without a client of v2, too: then no face is asked for', async () => {
    await open({});
    expect(till.health.warnings).to.deep.equal([]);
    expect(await till.payByCode(newOrder(), code)).to.include({ status: 'paid' });
    const other = newOrder();
    expect(await till.pay(other, { scan: async () => '134567890123456788' })).to.include({ status: 'paid' });
  });

  it('warns that the gateway refuses its signature, whatever its words', async () => {
    await open({ privateKey: merchantCertificate.key });
    expect(till.health.warnings).to.deep.equal(['merchant-refused']);
    const error = new PayProtocolError('orderquery', 'SIGN_ERROR', 'Http头Authorization中的timestamp与发起请求的时间');
    expect(seenOf('orderquery', { error })).to.deep.equal({ isReachable: true, isMerchantRefused: true });
  });
});
