import { expect } from 'chai';
import { FacePay, FaceService, localMerchant, MemoryJournal, PayClient, PaymentProcessor } from 'wxpay-face';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { terminal } from './support/till.js';

/* Node.js warns of more than ten listeners on a signal: a till may have one for all that it does. */

const auth_code = '130000000000000001';

describe('one signal for everything that goes on', () => {
  const many = Array.from({ length: 12 }, (_, index) => `S${index}`);
  let simulator: Simulator;
  const warnings: Error[] = [];
  const note = (warning: Error) => {
    if (warning.name === 'MaxListenersExceededWarning') warnings.push(warning);
  };
  before(async () => {
    simulator = await startSimulator({ scenario: { faceDelay: 0, confirmDelay: 0, latency: 5 } });
    process.on('warning', note);
  });
  beforeEach(() => {
    warnings.length = 0;
  });
  afterEach(async () => {
    // A warning is told a moment later.
    await new Promise(setImmediate);
    expect(warnings).to.deep.equal([]);
  });
  after(async () => {
    process.off('warning', note);
    await simulator.close();
  });

  it('warns of nothing with many calls and payments of a client', async () => {
    const { signal } = new AbortController();
    const client = new PayClient(simulator.client);
    const processor = new PaymentProcessor({ client, journal: new MemoryJournal() });
    await Promise.all(many.map((out_trade_no) => client.orderquery({ out_trade_no }, { signal })));
    const order = { total_fee: 1, body: 'tea' };
    const pay = (out_trade_no: string) => processor.pay({ ...order, out_trade_no }, { auth_code }, { signal });
    expect(await Promise.all(many.map(pay))).to.have.length(many.length);
    await processor.close();
    client.close();
  });

  it('warns of nothing with many commands of a camera, nor with many tills', async () => {
    const { signal } = new AbortController();
    const face = await FaceService.open({ library: simulator.library });
    const client = new PayClient(simulator.client);
    const processor = new PaymentProcessor({ client, journal: new MemoryJournal() });
    const merchant = localMerchant(client, processor);
    const { store_id } = terminal;
    const user = () => face.getWxpayfaceUserInfo({ ...client.identity, store_id, authinfo: 'none' }, { signal });
    await Promise.allSettled(many.map(user));
    const tills = many.map(() => new FacePay({ face, merchant, terminal }));
    const pay = (facePay: FacePay, index: number) =>
      facePay.pay({ out_trade_no: `F${index}`, total_fee: 1, body: 'tea' }, { signal });
    await Promise.allSettled(tills.map(pay));
    await processor.close();
    await face.close();
    client.close();
  });

  it('warns of nothing where many outcomes wait to be told again', async () => {
    const client = new PayClient(simulator.client);
    const journal = new MemoryJournal();
    const first = new PaymentProcessor({ client, journal });
    const pay = (out_trade_no: string) => first.pay({ out_trade_no, total_fee: 1, body: 'tea' }, { auth_code });
    await Promise.all(many.map(pay));
    await first.close();
    let told = 0;
    const second = await new Promise<PaymentProcessor>((resolve) => {
      const processor = new PaymentProcessor({
        client,
        journal,
        onOutcome: () => {
          told += 1;
          if (told === many.length) setImmediate(() => resolve(processor));
          throw new Error('the printer has no paper');
        },
      });
    });
    await second.close();
    client.close();
  });
});
