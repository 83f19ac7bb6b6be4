import { expect } from 'chai';
import {
  BusyError,
  InvalidParameterError,
  MemoryJournal,
  OrderExistsError,
  openTill,
  ServiceCommandError,
  type Till,
  type TillOptions,
  type TillPayOptions,
} from 'wxpay-face';
import { type ScenarioSettings, type Simulator, startSimulator } from 'wxpay-face/simulator';
import { type Answer, deferred, PipeServer, type Request } from '../support/pipe-server.js';
import { rejection } from '../support/rejection.js';
import { newOrder, terminal } from '../support/till.js';

/** The customer's code on the screen of a telephone. */
const auth_code = '134567890123456789';
const face_code = '120061098828009406';
const recognised = { return_code: 'SUCCESS', face_code, openid: 'o' };
const stopped = { return_code: 'ERROR', return_msg: 'stopped by the merchant' };
const never = new Promise<never>(() => undefined);

/** A scanner that reads these codes, one after the other, and then nothing more. */
function scannerOf(...codes: string[]) {
  const asked: Array<string | undefined> = [];
  const signals: AbortSignal[] = [];
  const scan: NonNullable<TillPayOptions['scan']> = (signal, wrong) => {
    asked.push(wrong);
    signals.push(signal);
    const code = codes.shift();
    return code === undefined ? never : Promise.resolve(code);
  };
  return { scan, asked, isEnded: () => signals.every(({ aborted }) => aborted) };
}

describe('One sale, by a face or by a code, whichever comes first', () => {
  let simulator: Simulator;
  let service: PipeServer;
  let till: Till;
  /** What the service answers to a recognition; settled by whoever ends it. */
  let recognition: ReturnType<typeof deferred<Answer>>;
  /** What a stop makes of the recognition. */
  let onStop: () => void;
  const warnings: Error[] = [];
  const listen = (warning: Error) => void warnings.push(warning);

  const open = async (change: Partial<TillOptions> = {}) => {
    till = await openTill({
      face: { library: simulator.library },
      merchant: simulator.client,
      journal: new MemoryJournal(),
      terminal,
      onOutcome: () => undefined,
      ...change,
    });
  };
  const gateway = (settings: ScenarioSettings) => {
    simulator.scenario = { latency: 0, service: 'down', ...settings };
  };
  const paid = () => simulator.calls.filter(({ name }) => name === 'micropay' || name === 'facepay');
  const screens = () =>
    service.requests.filter(({ cmd }) => cmd === 'updateWxpayfacePayResult').map(({ payresult }) => payresult);
  const answer = (request: Request): Answer | Promise<Answer> => {
    if (request.cmd === 'getWxpayfaceCode') {
      recognition = deferred();
      return recognition.promise;
    }
    if (request.cmd === 'stopWxpayface') onStop();
    return { return_code: 'SUCCESS', rawdata: 'r' };
  };

  beforeEach(async () => {
    simulator = await startSimulator();
    gateway({});
    service = await PipeServer.start();
    process.env.WXPAY_FACE_PIPE = service.path;
    service.answer = answer;
    recognition = deferred();
    onStop = () => recognition.resolve(stopped);
    warnings.length = 0;
    process.on('warning', listen);
  });
  afterEach(async () => {
    process.off('warning', listen);
    recognition.resolve(stopped);
    await till.close();
    await service.close();
    await simulator.close();
    delete process.env.WXPAY_FACE_PIPE;
  });

  /** Sells once the camera looks. */
  const sell = async (options: TillPayOptions = {}, order = newOrder()) => {
    const looks = service.cmds.filter((cmd) => cmd === 'getWxpayfaceCode').length + 1;
    const outcome = till.pay(order, options);
    await service.received('getWxpayfaceCode', looks);
    return { order, outcome };
  };

  /** A scanner that reads this once the camera looks. */
  const reads = (text: string): Required<Pick<TillPayOptions, 'scan'>> => {
    const looks = service.cmds.filter((cmd) => cmd === 'getWxpayfaceCode').length + 1;
    return {
      scan: async () => {
        await service.received('getWxpayfaceCode', looks);
        return text;
      },
    };
  };

  it('pays by the code that comes while the camera looks, and stops the recognition', async () => {
    await open();
    const code = deferred<string>();
    const signals: AbortSignal[] = [];
    const { order, outcome } = await sell({
      scan: (signal) => {
        signals.push(signal);
        return code.promise;
      },
    });
    code.resolve(auth_code);
    expect(await outcome).to.include({ status: 'paid', out_trade_no: order.out_trade_no });
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([true]);
    expect(service.cmds).to.include('stopWxpayface').and.not.include('updateWxpayfacePayResult');
    expect(paid()).to.have.length(1);
  });

  it('pays by the face that comes first: nothing is stopped, and a code that comes later is not paid', async () => {
    await open();
    const code = deferred<string>();
    let ended: AbortSignal | undefined;
    const { outcome } = await sell({
      scan: (signal) => {
        ended = signal;
        return code.promise;
      },
    });
    recognition.resolve(recognised);
    expect(await outcome).to.include({ status: 'paid' });
    expect(ended?.aborted).to.equal(true);
    code.resolve(auth_code);
    await new Promise(setImmediate);
    expect(service.cmds).to.not.include('stopWxpayface');
    expect(screens()).to.deep.equal(['SUCCESS']);
    expect(paid()).to.have.length(1);
  });

  for (const [payment, status, screen] of [
    ['paid', 'paid', 'SUCCESS'],
    ['NOTENOUGH', 'declined', 'ERROR'],
  ] as const)
    it(`tells the screen of a face that was recognised all the same how the scanned sale ended: ${status}`, async () => {
      await open();
      gateway({ payment });
      onStop = () => recognition.resolve(recognised);
      const { outcome } = await sell(reads(auth_code));
      expect(await outcome).to.include({ status });
      expect(screens()).to.deep.equal([screen]);
      expect(paid()).to.have.length(1);
    });

  it('does not wait with the payment for a recognition that no stop ends, and tells its screen later', async () => {
    await open();
    onStop = () => undefined;
    const { outcome } = await sell(reads(auth_code));
    expect(await outcome).to.include({ status: 'paid' });
    recognition.resolve(recognised);
    await service.received('updateWxpayfacePayResult');
    expect(screens()).to.deep.equal(['SUCCESS']);
    expect(paid()).to.have.length(1);
  });

  for (const host of ['in-process', 'host-process'] as const)
    it(`starts the service anew for the next sale if a recognition never ends (${host})`, async () => {
      await open({ face: { library: simulator.library, host } });
      onStop = () => undefined;
      expect(await (await sell(reads(auth_code))).outcome).to.include({ status: 'paid' });
      const initialised = () => service.cmds.filter((cmd) => cmd === 'initWxpayface').length;
      expect(initialised()).to.equal(1);
      const stuck = recognition;
      const { outcome } = await sell();
      expect(initialised()).to.equal(2);
      recognition.resolve(recognised);
      expect(await outcome).to.include({ status: 'paid' });
      expect(screens()).to.deep.equal(['SUCCESS']);
      stuck.resolve(recognised);
      await new Promise(setImmediate);
      expect(screens()).to.deep.equal(['SUCCESS']);
      expect(paid()).to.have.length(2);
    });

  describe('ends without a code', () => {
    for (const stop of ['works', 'does nothing'] as const) {
      it(`when the cashier aborts, if a stop ${stop}`, async () => {
        await open();
        if (stop === 'does nothing') onStop = () => undefined;
        const [scanner, cashier] = [scannerOf(), new AbortController()];
        const { outcome } = await sell({ scan: scanner.scan, signal: cashier.signal });
        cashier.abort();
        expect(await outcome).to.include({ status: 'cancelled', by: 'cashier' });
        expect(scanner.isEnded()).to.equal(true);
        expect(paid()).to.deep.equal([]);
      });

      it(`when the customer's time is over, if a stop ${stop}`, async () => {
        await open();
        if (stop === 'does nothing') onStop = () => undefined;
        const scanner = scannerOf();
        const { outcome } = await sell({ scan: scanner.scan, customerTimeout: 500 });
        expect(await outcome).to.include({ status: 'cancelled', by: 'timeout' });
        expect(scanner.isEnded()).to.equal(true);
        expect(paid()).to.deep.equal([]);
      });
    }

    it('when the customer leaves the camera', async () => {
      await open();
      const scanner = scannerOf();
      const { outcome } = await sell({ scan: scanner.scan });
      recognition.resolve({ return_code: 'USER_CANCEL' });
      expect(await outcome).to.include({ status: 'cancelled', by: 'customer' });
      expect(scanner.isEnded()).to.equal(true);
    });

    it('when the till is closed', async () => {
      await open();
      const { outcome } = await sell();
      await till.close();
      expect(await outcome).to.include({ status: 'cancelled', by: 'cashier' });
      expect(service.cmds).to.include('stopWxpayface');
    });

    it('and tells the screen of a face that was recognised all the same', async () => {
      await open();
      onStop = () => recognition.resolve(recognised);
      const cashier = new AbortController();
      const { outcome } = await sell({ signal: cashier.signal });
      cashier.abort();
      expect(await outcome).to.include({ status: 'cancelled' });
      expect(screens()).to.deep.equal(['ERROR']);
      expect(paid()).to.deep.equal([]);
    });
  });

  it('never cuts a payment off when the customer’s time is over', async () => {
    await open();
    gateway({ payment: 'password', password: 'waiting' });
    const { outcome } = await sell({
      customerTimeout: 1000,
      onProgress: ({ step }) => {
        // The customer takes longer than that to type.
        if (step === 'password') setTimeout(() => simulator.act('enter-password'), 1100);
      },
    });
    recognition.resolve(recognised);
    expect(await outcome).to.include({ status: 'paid' });
  });

  describe('a customer who chooses to scan on the screen', () => {
    it('is waited for', async () => {
      await open();
      const code = deferred<string>();
      const steps: string[] = [];
      const { outcome } = await sell({ scan: () => code.promise, onProgress: ({ step }) => steps.push(step) });
      recognition.resolve({ return_code: 'SCAN_PAYMENT' });
      while (!steps.includes('scanning')) await new Promise(setImmediate);
      code.resolve(auth_code);
      expect(await outcome).to.include({ status: 'paid' });
      expect(service.cmds).to.not.include('stopWxpayface');
    });

    it('is the outcome without a scanner', async () => {
      await open();
      const { order, outcome } = await sell();
      recognition.resolve({ return_code: 'SCAN_PAYMENT' });
      expect(await outcome).to.deep.equal({ status: 'scan', out_trade_no: order.out_trade_no });
    });
  });

  describe('what the scanner reads', () => {
    for (const [what, text] of Object.entries({
      'a carriage return and a line feed': `${auth_code}\r\n`,
      'blanks of any kind': `\ufeff 1345 6789\u00a00123\t456789\u3000`,
      'digits of full width': [...auth_code].map((digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)).join(''),
    }))
      it(`is cleaned of ${what}`, async () => {
        await open();
        const { outcome } = await sell(reads(text));
        expect(await outcome).to.include({ status: 'paid' });
      });

    it('is asked for again if it can’t pay, and why', async () => {
      await open();
      const scanner = scannerOf('28763443825664394', 'wxp://f2f0abc', '', auth_code);
      const { outcome } = await sell({ scan: scanner.scan });
      expect(await outcome).to.include({ status: 'paid' });
      expect(scanner.asked).to.deep.equal([undefined, 'other-wallet', 'not-a-code', 'not-a-code']);
      expect(paid()).to.have.length(1);
    });

    it('may be nonsense for ever: the camera goes on', async () => {
      await open();
      const { outcome } = await sell({ scan: async () => 'nonsense' });
      recognition.resolve(recognised);
      expect(await outcome).to.include({ status: 'paid' });
    });
  });

  describe('a scanner that fails', () => {
    for (const [how, scan] of Object.entries({
      'at once': () => {
        throw new Error('no scanner at COM3, last code 134567890123456789');
      },
      later: async () => Promise.reject(new Error('no scanner at COM3')),
      'with the code in groups': () => {
        throw new Error('no scanner at COM3, last code 1345 6789 0123 456789');
      },
    }))
      it(`${how}: the camera goes on alone, and its error is not lost`, async () => {
        await open();
        const { outcome } = await sell({ scan });
        recognition.resolve(recognised);
        expect(await outcome).to.include({ status: 'paid' });
        const [warning] = warnings.filter((each) => 'code' in each && each.code === 'WXPAY_FACE_SCAN');
        expect(warning?.message)
          .to.include('no scanner at COM3')
          .and.not.match(/1345|456789/);
      });

    it('is what pay() says if the customer then wants to scan', async () => {
      await open();
      const trouble = new Error('no scanner at COM3');
      const { outcome } = await sell({ scan: () => Promise.reject(trouble) });
      recognition.resolve({ return_code: 'SCAN_PAYMENT' });
      expect(await rejection(outcome)).to.equal(trouble);
    });
  });

  describe('a camera that can’t be used', () => {
    const broken = (request: Request): Answer =>
      request.cmd === 'initWxpayface' ? { return_code: 'ERROR', return_msg: 'no camera' } : { return_code: 'SUCCESS' };

    it('leaves the sale to the scanner', async () => {
      service.answer = broken;
      await open();
      const code = deferred<string>();
      const steps: Array<string | undefined> = [];
      const outcome = till.pay(newOrder(), {
        scan: () => code.promise,
        onProgress: ({ step, detail }) => {
          steps.push(`${step} ${detail}`);
          if (step === 'scanning') code.resolve(auth_code);
        },
      });
      expect(await outcome).to.include({ status: 'paid' });
      expect(steps).to.include('scanning ERR_SERVICE_COMMAND');
    });

    it('is what pay() says without a scanner, and if that fails, too', async () => {
      service.answer = broken;
      await open();
      expect(await rejection(till.pay(newOrder()))).to.be.instanceOf(ServiceCommandError);
      const scan = () => Promise.reject(new Error('no scanner'));
      expect(await rejection(till.pay(newOrder(), { scan }))).to.be.instanceOf(ServiceCommandError);
    });
  });

  it('refuses a second sale before the camera, but takes a code beside it', async () => {
    await open();
    const { outcome } = await sell();
    expect(await rejection(till.pay(newOrder()))).to.be.instanceOf(BusyError);
    expect(await till.payByCode(newOrder(), auth_code)).to.include({ status: 'paid' });
    recognition.resolve(recognised);
    expect(await outcome).to.include({ status: 'paid' });
  });

  it('refuses a code for the number that waits for a face: one order has one payment', async () => {
    await open();
    const { order, outcome } = await sell();
    expect(await rejection(till.payByCode(order, auth_code))).to.be.instanceOf(BusyError);
    recognition.resolve(recognised);
    expect(await outcome).to.include({ status: 'paid' });
    expect(screens()).to.deep.equal(['SUCCESS']);
    expect(paid()).to.have.length(1);
  });

  it('refuses a sale whose number is being paid by a code, however soon it comes', async () => {
    await open();
    const order = newOrder();
    const byCode = till.payByCode(order, auth_code);
    for (const again of [till.pay(order), till.payByCode(order, auth_code)])
      expect(await rejection(again)).to.be.instanceOf(OrderExistsError);
    expect(await byCode).to.include({ status: 'paid' });
    expect(service.cmds).to.not.include('getWxpayfaceCode');
    expect(paid()).to.have.length(1);
  });

  it('takes null for an option that is not given', async () => {
    await open();
    const order = newOrder();
    const outcome = Reflect.apply(till.pay, till, [order, { customerTimeout: null, signal: null }]);
    await service.received('getWxpayfaceCode');
    recognition.resolve(recognised);
    expect(await outcome).to.include({ status: 'paid' });
  });

  it('refuses what the camera would refuse, before the customer is bothered', async () => {
    await open();
    const before = service.cmds.length;
    for (const [options, parameter] of [
      [{ screen_index: '0' }, 'screen_index'],
      [{ customerTimeout: 0.5 }, 'customerTimeout'],
      [{ scan: 'COM3' }, 'scan'],
      [{ signal: 'now' }, 'signal'],
    ] as const) {
      const error = await rejection(Reflect.apply(till.pay, till, [newOrder(), options]));
      expect(error).to.be.instanceOf(InvalidParameterError).with.property('parameter', parameter);
    }
    expect(service.cmds).to.have.length(before);
  });
});
