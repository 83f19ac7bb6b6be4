import { expect } from 'chai';
import { PayClient } from '../../lib/pay/client.js';
import { verifySignature } from '../../lib/pay/sign.js';
import { merchantCertificate } from './certificates.js';
import { base, type Gateway, key, paid, startGateway } from './gateway.js';

const order = { body: '咖啡', out_trade_no: '20241123-0001', total_fee: 100, auth_code: '134567890123456789' };

describe('PayClient', () => {
  let gateway: Gateway;
  let client: PayClient;

  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());
  beforeEach(() => {
    gateway.requests = [];
    gateway.handle = ({ fields }) => paid(fields);
    client = new PayClient({ ...gateway.options, certificate: merchantCertificate });
  });
  afterEach(() => client.close());

  it('pays by micropay', async () => {
    const result = await client.micropay(order);
    expect(result).to.include({
      result_code: 'SUCCESS',
      total_fee: 100,
      transaction_id: '1008450740201411110005820873',
    });
    const [request] = gateway.requests;
    expect(request?.path).to.equal('/pay/micropay');
    expect(request?.fields).to.include({ total_fee: '100', auth_code: order.auth_code, sign_type: 'HMAC-SHA256' });
    expect(verifySignature(request?.fields ?? {}, key, 'HMAC-SHA256')).to.equal(true);
  });

  it('reverses with the certificate', async () => {
    gateway.handle = () => ({ ...base, result_code: 'SUCCESS', recall: 'N' });
    expect(await client.reverse({ out_trade_no: '1' })).to.include({ recall: 'N' });
    expect(gateway.requests[0]?.certificate).to.equal('1900000109');
  });
});
