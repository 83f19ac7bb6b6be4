import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { FaceService } from '../../lib/face/service.js';
import { FileJournal } from '../../lib/journal/file-journal.js';
import { MemoryJournal } from '../../lib/journal/memory-journal.js';
import { type Clock, systemClock } from '../../lib/payment/clock.js';
import { openTill } from '../../lib/terminal/open-till.js';
import type { LocalMerchantOptions, Till, TillOptions } from '../../lib/terminal/till.js';
import { deferred, PipeServer } from '../support/pipe-server.js';
import { newOrder, terminal } from '../support/till.js';

/** The system's clock, but that its minutes at rest pass, and its days, when the test says so. */
class RestingClock implements Clock {
  #minute = deferred<void>();
  #resting = deferred<void>();
  #ahead = 0;

  wall(): number {
    return systemClock.wall() + this.#ahead;
  }

  monotonic(): number {
    return systemClock.monotonic() + this.#ahead;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms !== 60_000) return systemClock.sleep(ms, signal);
    this.#resting.resolve();
    return this.#minute.promise;
  }

  /** Resolves when the till has looked around, and rests again. */
  async pass(ms = 60_000): Promise<void> {
    await this.#resting.promise;
    this.#ahead += ms;
    const minute = this.#minute;
    [this.#minute, this.#resting] = [deferred(), deferred()];
    minute.resolve();
    await this.#resting.promise;
  }
}

describe('A till at rest, on real parts', () => {
  let simulator: Simulator;
  let service: PipeServer;
  let clock: RestingClock;
  let face: FaceService;
  let till: Till;
  const asked = (cmd: string) => service.cmds.filter((each) => each === cmd).length;
  const open = async (change: Partial<TillOptions & LocalMerchantOptions> = {}) => {
    const options = {
      face: { library: simulator.library, host: 'host-process' as const },
      merchant: simulator.client,
      journal: new MemoryJournal(),
      terminal,
      onOutcome: () => undefined,
      ...change,
    };
    const openFace: typeof FaceService.open = async (given) => {
      face = await FaceService.open(given);
      return face;
    };
    till = await openTill(options, { clock, openFace });
  };

  beforeEach(async () => {
    clock = new RestingClock();
    simulator = await startSimulator({ scenario: { latency: 0, service: 'down' } });
    service = await PipeServer.start();
    process.env.WXPAY_FACE_PIPE = service.path;
    let customers = 0;
    service.answer = () => {
      customers += 1;
      const face_code = `1200610988280${String(customers).padStart(5, '0')}`;
      return { return_code: 'SUCCESS', rawdata: 'r', face_code, openid: 'o' };
    };
  });
  afterEach(async () => {
    await till.close();
    await service.close();
    await simulator.close();
    delete process.env.WXPAY_FACE_PIPE;
  });

  it('initialises nothing if the host process of the library has ended; the next sale is paid', async () => {
    await open();
    await face.endHost();
    await clock.pass();
    expect(asked('getWxpayfaceRawdata')).to.equal(1);
    expect(asked('initWxpayface')).to.equal(1);
    expect(till.health.camera).to.equal('ready');
    expect(await till.pay(newOrder())).to.include({ status: 'paid' });
  });

  it('initialises with the next sale, without a failure before, if the service wants that', async () => {
    await open();
    await face.endHost();
    const { answer } = service;
    let isInitialised = false;
    service.answer = (request) => {
      if (request.cmd === 'initWxpayface') isInitialised = true;
      return isInitialised ? answer(request) : { return_code: 'ERROR', return_msg: 'not initialised' };
    };
    await clock.pass();
    expect(asked('initWxpayface')).to.equal(1);
    expect(till.health.camera).to.equal('down');
    expect(await till.pay(newOrder())).to.include({ status: 'paid' });
    expect([asked('initWxpayface'), asked('getWxpayfaceCode')]).to.deep.equal([2, 1]);
    expect(till.health.camera).to.equal('ready');
  });

  describe('removes what is finished, acknowledged and beyond keep', () => {
    const day = 24 * 60 * 60 * 1000;
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'at-rest-'));
    });
    afterEach(async () => {
      await till.close();
      rmSync(folder, { recursive: true });
    });
    const sell = async () => {
      const order = newOrder();
      const outcome = await till.pay(order);
      expect(outcome).to.include({ status: 'paid' });
      return { no: order.out_trade_no, outcome };
    };

    it('once a day from the journal of a folder, and nothing else', async () => {
      await open({ journal: { folder, keep: 2 * day } });
      const [old, untold] = [await sell(), await sell()];
      await till.acknowledge(old.outcome);
      await clock.pass(1.5 * day);
      const recent = await sell();
      await till.acknowledge(recent.outcome);
      expect(await till.outcome(old.no)).to.include({ status: 'paid' });
      await clock.pass(day);
      expect(await till.outcome(old.no)).to.equal(undefined);
      for (const { no } of [untold, recent]) expect(await till.outcome(no)).to.include({ status: 'paid' });
    });

    it('but not from a journal of one’s own', async () => {
      const journal = await FileJournal.open(folder, { keep: 0 });
      await open({ journal });
      const { no, outcome } = await sell();
      await till.acknowledge(outcome);
      await clock.pass(500 * day);
      expect(await till.outcome(no)).to.include({ status: 'paid' });
      await till.close();
      await journal.close();
    });
  });
});
