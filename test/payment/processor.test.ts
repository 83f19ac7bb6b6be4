import { expect } from 'chai';
import { PayProtocolError, PayTransportError } from '../../lib/pay/errors.js';
import { MemoryJournal } from '../../lib/payment/memory-journal.js';
import { PaymentProcessor } from '../../lib/payment/processor.js';
import type { PaymentProcessorOptions, PaymentProgress } from '../../lib/payment/types.js';
import { charged, failed, isPaid, reversed, type Scripts, scriptedClient, state, times } from './scripted-client.js';
import { SimulatedClock } from './simulated-clock.js';

const order = { out_trade_no: 'A1', total_fee: 100, body: 'Tea' };
const code = { auth_code: '120061098828009406' };
const lost = new PayTransportError('no answer came in time', true);
const awaiting = { reversal: { mode: 'await' } } as const;

/** A till, its journal, and a gateway that answers by the script. */
function till(scripts: Scripts, options: Partial<PaymentProcessorOptions> = {}) {
  const clock = new SimulatedClock();
  const client = scriptedClient(() => clock.monotonic(), scripts);
  const journal = new MemoryJournal();
  const start = () => new PaymentProcessor({ client, journal, clock, ...options });
  const processor = start();
  return { clock, client, journal, processor, start, pay: () => clock.until(processor.pay(order, code)) };
}

describe('PaymentProcessor', () => {
  it('tells a payment that was charged', async () => {
    const { pay, client } = till({ micropay: [charged('A1', 100)] });
    expect(await pay()).to.deep.include({ status: 'paid', out_trade_no: 'A1', total_fee: 100 });
    expect(client.calls).to.have.length(1);
  });

  it('asks after an unknown payment every five seconds, after thirty reverses it, until a query shows it', async () => {
    const { pay, client, clock } = till(
      {
        micropay: [failed('USERPAYING')],
        orderquery: [
          state('USERPAYING'),
          state('USERPAYING'),
          state('USERPAYING'),
          state('USERPAYING'),
          state('USERPAYING'),
          state('SUCCESS'),
          state('REVOKED'),
        ],
        reverse: [failed('SYSTEMERROR'), reversed()],
      },
      awaiting,
    );
    expect(await pay()).to.deep.equal({ status: 'reversed', out_trade_no: 'A1' });
    expect(times(client.calls, 'orderquery').slice(0, 5)).to.deep.equal([5000, 10000, 15000, 20000, 25000]);
    expect(times(client.calls, 'reverse')[0]).to.equal(30000);
    expect(clock.monotonic()).to.be.lessThan(33000);
  });

  it('tells "reversing" when the reversal begins, and how it ended to whoever asks', async () => {
    const { pay, processor, clock } = till({
      micropay: [lost],
      orderquery: [failed('ORDERNOTEXIST')],
      reverse: [reversed()],
    });
    expect(await pay()).to.deep.equal({ status: 'reversing', out_trade_no: 'A1' });
    expect(clock.monotonic()).to.equal(30000);
    expect(await clock.until(processor.settled('A1'))).to.deep.equal({ status: 'reversed', out_trade_no: 'A1' });
    expect(clock.monotonic()).to.be.greaterThan(300000);
  });

  it('confirms a decline by a query', async () => {
    const { pay, clock } = till({
      micropay: [failed('NOTENOUGH', '余额不足')],
      orderquery: [lost, failed('ORDERNOTEXIST')],
    });
    expect(await pay()).to.deep.equal({
      status: 'declined',
      out_trade_no: 'A1',
      err_code: 'NOTENOUGH',
      err_code_des: '余额不足',
    });
    expect(clock.monotonic()).to.equal(5000);
  });

  it('puts a gateway that refuses the key before a person after the polling time', async () => {
    const refused = new PayProtocolError('micropay', 'FAIL', '签名错误');
    const { pay, clock } = till({ micropay: [refused], orderquery: [refused] });
    expect(await pay())
      .to.have.property('reason')
      .that.includes('签名错误');
    expect(clock.monotonic()).to.equal(30000);
  });

  it('takes up what a till left when it died', async () => {
    const { journal, clock, start, processor, client } = till({ micropay: ['never'], orderquery: [isPaid('A1', 100)] });
    void processor.pay(order, code);
    await clock.run(undefined, 10);
    const told = [];
    const outcomes = start().recover();
    await clock.run();
    for await (const outcome of outcomes) told.push(outcome.status);
    expect(told).to.deep.equal(['paid']);
    expect(times(client.calls, 'micropay')).to.have.length(1);
    expect(await journal.get('A1')).to.include({ finished: true, acknowledged: false });
  });

  it('gives up a paid sale', async () => {
    const { pay, processor, clock, client } = till(
      {
        micropay: [charged('A1', 100)],
        orderquery: [isPaid('A1', 100), state('REVOKED')],
        reverse: [reversed('Y'), reversed()],
      },
      awaiting,
    );
    await pay();
    expect(await clock.until(processor.cancel('A1'))).to.deep.equal({ status: 'reversed', out_trade_no: 'A1' });
    expect(times(client.calls, 'reverse')).to.deep.equal([15000]);
  });

  it('reverses what was aborted after sending', async () => {
    const { processor, clock, client } = till(
      { micropay: [lost], orderquery: [isPaid('A1', 100), state('REVOKED')], reverse: [reversed()] },
      awaiting,
    );
    const abort = new AbortController();
    const seen: PaymentProgress[] = [];
    const outcome = processor.pay(order, code, {
      signal: abort.signal,
      onProgress: (progress) => {
        seen.push(progress);
        throw new Error('broken display');
      },
    });
    clock.at(1000, () => abort.abort());
    expect(await clock.until(outcome)).to.deep.equal({ status: 'reversed', out_trade_no: 'A1' });
    expect(times(client.calls, 'reverse')).to.deep.equal([15000]);
    expect(seen.map(({ phase }) => phase)).to.deep.equal([
      'submitting',
      'querying',
      'reversing',
      'reversing',
      'reversing',
      'finished',
    ]);
  });
});
