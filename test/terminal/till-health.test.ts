import { expect } from 'chai';
import {
  MemoryJournal,
  openTill,
  PayClient,
  type PayClientOptions,
  type Till,
  type TillHealth,
  type TillOptions,
} from 'wxpay-face';
import { type Scenario, type Simulator, startSimulator } from 'wxpay-face/simulator';
import { PipeServer } from '../support/pipe-server.js';
import { newOrder, terminal } from '../support/till.js';

const auth_code = '134567890123456789';

describe('How a till is', () => {
  let simulator: Simulator;
  let till: Till | undefined;
  let told: TillHealth[];
  const calls = () => simulator.calls.map(({ name }) => name);
  const become = (scenario: Scenario) => {
    const quick = typeof scenario === 'string' ? { scenario } : scenario;
    simulator.scenario = { faceDelay: 10, confirmDelay: 0, latency: 0, ...quick };
  };
  const open = async (change: Partial<TillOptions> = {}, merchant: PayClientOptions = simulator.client) => {
    const options = { face: { library: simulator.library }, terminal, onOutcome: () => undefined };
    const onHealth = (health: TillHealth) => void told.push(health);
    till = await openTill({ ...options, merchant, journal: new MemoryJournal(), onHealth, ...change });
    return till;
  };

  beforeEach(async () => {
    simulator = await startSimulator();
    become('success');
    told = [];
  });
  afterEach(async () => {
    await till?.close();
    till = undefined;
    await simulator.close();
  });

  it('is told at the start: the camera was initialised, the gateway reached, and nothing was paid', async () => {
    const { health } = await open();
    expect(health).to.deep.equal({ camera: 'ready', merchant: 'reachable', unfinished: 0, warnings: [] });
    expect(told).to.deep.equal([health]);
    expect(calls()).to.have.members(['releaseWxpayface', 'initWxpayface', 'orderquery']);
  });

  it('is told when it has changed, and not when it hasn’t', async () => {
    const opened = await open();
    await opened.pay(newOrder());
    await opened.payByCode(newOrder(), auth_code);
    expect(told.map(({ unfinished }) => unfinished)).to.deep.equal([0, 1, 0, 1, 0]);
    become('gateway-down');
    await opened.payByCode(newOrder(), auth_code);
    expect(opened.health).to.include({ merchant: 'unreachable' });
    expect(told.slice(-1)).to.deep.equal([opened.health]);
    for (const [index, health] of told.entries()) expect(health).to.not.deep.equal(told[index - 1]);
  });

  it('may be told to a lamp that throws', async () => {
    const onHealth = () => {
      throw new Error('no lamp');
    };
    expect(await (await open({ onHealth })).pay(newOrder())).to.include({ status: 'paid' });
  });

  it('has no camera while the service is down: codes are taken, and the next sale tries it anew', async () => {
    become('service-down');
    const opened = await open();
    expect(opened.health).to.include({ camera: 'down', merchant: 'reachable' });
    expect(await opened.payByCode(newOrder(), auth_code)).to.include({ status: 'paid' });
    become('success');
    expect(await opened.pay(newOrder())).to.include({ status: 'paid' });
    expect(opened.health).to.include({ camera: 'ready' });
    become('service-down');
    await opened.pay(newOrder()).catch(() => undefined);
    expect(opened.health).to.include({ camera: 'down' });
  });

  it('doesn’t touch a shared camera before there is a customer', async () => {
    const opened = await open({ camera: 'shared' });
    expect(opened.health).to.include({ camera: 'unknown', merchant: 'reachable' });
    expect(calls()).to.deep.equal(['orderquery']);
    await opened.pay(newOrder());
    expect(opened.health).to.include({ camera: 'ready' });
    expect(calls().slice(-1)).to.deep.equal(['releaseWxpayface']);
  });

  it('knows the gateway to be out of reach from the start', async () => {
    become('gateway-down');
    expect((await open()).health).to.include({ camera: 'ready', merchant: 'unreachable' });
  });

  it('opens although the service never answers', async () => {
    const service = await PipeServer.start();
    process.env.WXPAY_FACE_PIPE = service.path;
    service.answer = () => new Promise(() => undefined);
    try {
      const opened = await open({ face: { library: simulator.library, host: 'host-process', callTimeout: 300 } });
      expect(opened.health).to.include({ camera: 'down' });
      expect(await opened.payByCode(newOrder(), auth_code)).to.include({ status: 'paid' });
      await opened.close();
    } finally {
      await service.close();
    }
  });

  for (const [answers, camera, times] of [
    [1, 'ready', 2],
    [2, 'down', 2],
  ] as const)
    it(`tries an initialisation once more if the service is at one: ${camera} after ${answers} such answers`, async () => {
      const service = await PipeServer.start();
      process.env.WXPAY_FACE_PIPE = service.path;
      let left: number = answers;
      service.answer = ({ cmd }) => {
        if (cmd !== 'initWxpayface' || left-- <= 0) return { return_code: 'SUCCESS' };
        return { return_code: 'ERROR', return_msg: 'initializing' };
      };
      try {
        expect((await open()).health).to.include({ camera });
        expect(service.cmds.filter((cmd) => cmd === 'initWxpayface')).to.have.length(times);
        await till?.close();
      } finally {
        await service.close();
      }
    });

  describe('warns', () => {
    it('of a merchant without a certificate', async () => {
      const { certificate: _, ...merchant } = simulator.client;
      expect((await open({}, merchant)).health.warnings).to.deep.equal(['no-certificate']);
    });

    it('of a clock that differs from the gateway’s', async () => {
      become({ clock: 120_000 });
      expect((await open()).health.warnings).to.deep.equal(['clock']);
    });

    it('of a key that the gateway refuses', async () => {
      const { health } = await open({}, { ...simulator.client, key: '0'.repeat(32) });
      expect(health).to.deep.include({ merchant: 'reachable', warnings: ['merchant-refused'] });
    });

    it('of a limit on calls', async () => {
      become({ payment: 'FREQUENCY_LIMITED' });
      const opened = await open();
      expect(await opened.payByCode(newOrder(), auth_code)).to.include({ status: 'declined' });
      expect(opened.health.warnings).to.deep.equal(['limit']);
    });
  });

  it('takes a client of one’s own as it takes options', async () => {
    const client = new PayClient(simulator.client);
    const opened = await openTill({
      face: { library: simulator.library },
      terminal,
      merchant: client,
      journal: new MemoryJournal(),
      onOutcome: () => undefined,
    });
    expect(opened.health).to.deep.include({ merchant: 'reachable', warnings: [] });
    expect(await opened.pay(newOrder())).to.include({ status: 'paid' });
    await opened.close();
    expect(await client.orderquery({ out_trade_no: 'A1' })).to.include({ err_code: 'ORDERNOTEXIST' });
    client.close();
  });
});
