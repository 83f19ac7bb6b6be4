import { inspect } from 'node:util';
import { expect } from 'chai';
import { InvalidParameterError } from '../../lib/errors.js';
import { PayClient } from '../../lib/pay/client.js';
import { PaySignatureError } from '../../lib/pay/errors.js';
import { Limiter } from '../../lib/pay/limiter.js';
import { clientsOf, out_trade_no } from '../support/clients.js';
import { type Gateway, key, paid, signed, startGateway } from '../support/gateway.js';
import { rejection } from '../support/rejection.js';

const newKey = '00000000000000000000000000000007';

describe('Clients of one merchant', () => {
  let gateway: Gateway;
  const open = clientsOf(() => gateway);

  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());
  beforeEach(() => {
    gateway.requests = [];
    gateway.connections = 0;
    gateway.handle = ({ fields }) => ({ ...paid(fields), trade_state: 'SUCCESS' });
  });

  describe('after its key was changed', () => {
    const answeredWith = (used: string) => {
      gateway.handle = ({ fields, signType }) => signed({ ...paid(fields), trade_state: 'SUCCESS' }, signType, used);
    };

    it('believe an answer by the former key, but sign with the new one', async () => {
      const client = open({ key: newKey, formerKeys: [key] });
      for (const used of [key, newKey]) {
        answeredWith(used);
        expect(await client.orderquery({ out_trade_no })).to.include({ trade_state: 'SUCCESS' });
      }
      const [request] = gateway.requests;
      expect(signed({ ...request?.fields, sign: '' }, 'HMAC-SHA256', newKey)).to.include(request?.fields.sign ?? '-');
    });

    it('believe no other key, and none that they were not told of', async () => {
      answeredWith('00000000000000000000000000000008');
      const client = open({ key: newKey, formerKeys: [key] });
      expect(await rejection(client.orderquery({ out_trade_no }))).to.be.instanceOf(PaySignatureError);
      answeredWith(key);
      expect(await rejection(open({ key: newKey }).orderquery({ out_trade_no }))).to.be.instanceOf(PaySignatureError);
      expect(inspect(client, { depth: 9, showHidden: true })).not.to.include(key);
    });

    it('refuse what are no keys, without quoting them', () => {
      for (const formerKeys of ['secret', [''], [1]])
        expect(() => Reflect.apply(open, undefined, [{ formerKeys }]))
          .to.throw(InvalidParameterError, /formerKeys must be a list of keys/)
          .that.includes({ parameter: 'formerKeys' });
    });
  });

  it('wait in one queue of calls, which the closing of one leaves open', async () => {
    const limiter = new Limiter(0.001);
    const [one, other] = [new PayClient(gateway.options, { limiter }), new PayClient(gateway.options, { limiter })];
    await one.orderquery({ out_trade_no });
    const waiting = other.orderquery({ out_trade_no });
    const refused = rejection(one.orderquery({ out_trade_no }));
    one.close();
    expect(other.callsPerSecond).to.equal(0.001);
    limiter.callsPerSecond = undefined;
    expect(await waiting).to.include({ result_code: 'SUCCESS' });
    expect(await refused).to.include({ code: 'ERR_CLOSED' });
    expect(gateway.requests).to.have.length(2);
    limiter.close();
    expect(await rejection(other.orderquery({ out_trade_no }))).to.include({ code: 'ERR_CLOSED' });
    other.close();
  });

  it('use the same connections, also for two sub-merchants', async () => {
    const provider = open();
    const { shared } = provider;
    const shops = ['1', '2'].map((sub_mch_id) => new PayClient({ ...gateway.options, sub_mch_id }, shared));
    gateway.handle = ({ fields }) => ({ ...paid(fields), sub_mch_id: fields.sub_mch_id ?? '', trade_state: 'SUCCESS' });
    for (const shop of shops) {
      await shop.orderquery({ out_trade_no });
      shop.close();
    }
    const numbers = gateway.requests.map(({ fields, connection }) => [fields.sub_mch_id, connection]);
    expect(numbers).to.deep.equal([
      ['1', 1],
      ['2', 1],
    ]);
  });
});
