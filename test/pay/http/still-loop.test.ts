import dns from 'node:dns';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { PayClient } from '../../../lib/pay/client.js';
import type { PayClientOptions } from '../../../lib/pay/options.js';
import { merchantCertificate } from '../../support/certificates.js';
import { rejection } from '../../support/rejection.js';

const order = { body: 'coffee', out_trade_no: 'still', total_fee: 100, auth_code: '134567890123456789' };

/** As a dialog does, or a synchronous printer. */
function standStill(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

describe('while the event loop stands still', () => {
  let worker: Worker;
  /** Whether the second answer was sent. */
  const spokeAgain = new Int32Array(new SharedArrayBuffer(4));
  let gateways: { polite: PayClientOptions; stutters: PayClientOptions };
  const clients: PayClient[] = [];
  before(async () => {
    worker = new Worker(new URL('./threaded-gateway.js', import.meta.url), { workerData: spokeAgain.buffer });
    [gateways] = await once(worker, 'message');
  });
  after(() => worker.terminate());
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  function connect(gateway: PayClientOptions, timeout: PayClientOptions['timeout']): PayClient {
    const client = new PayClient({ ...gateway, certificate: merchantCertificate, ...(timeout && { timeout }) });
    clients.push(client);
    return client;
  }

  it('an answer that came in time is read, although its time-out fires first', async () => {
    const client = connect(gateways.polite, { response: 300 });
    const mayLeave = () => {
      setImmediate(() => standStill(600));
      return true;
    };
    expect(await client.micropay(order, { mayLeave })).to.include({ out_trade_no: 'still' });
  });

  it('a connection that nobody could make meanwhile is given the time back', async () => {
    const client = connect(gateways.polite, { connect: 300 });
    const { lookup } = dns;
    Reflect.set(dns, 'lookup', (...args: Parameters<typeof lookup>) => {
      standStill(600);
      dns.lookup = lookup;
      return lookup(...args);
    });
    expect(await client.micropay(order)).to.include({ out_trade_no: 'still' });
  });

  it('a silent gateway is still given up', async () => {
    const client = connect(gateways.polite, { response: 20 });
    const error = await rejection(client.micropay(order));
    expect(error).to.include({ sent: true, why: 'response-timeout' });
  });

  it('what a kept connection brought meanwhile is no answer to the next query', async () => {
    const client = connect(gateways.stutters, {});
    // The event loop may read it before the query in any case: by chance.
    for (const chance of ['1', '2', '3', '4', '5', '6', '7', '8']) {
      expect(await client.orderquery({ out_trade_no: `A${chance}` })).to.include({ out_trade_no: `A${chance}` });
      Atomics.store(spokeAgain, 0, 0);
      worker.postMessage('still');
      Atomics.wait(spokeAgain, 0, 0);
      // Also the system takes its time.
      standStill(50);
      expect(await client.orderquery({ out_trade_no: `B${chance}` })).to.include({ out_trade_no: `B${chance}` });
    }
  });
});
