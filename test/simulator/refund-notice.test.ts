import { createDecipheriv, createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import { InvalidParameterError } from 'wxpay-face';
import { startSimulator } from 'wxpay-face/simulator';
import { parseXml } from '../../lib/pay/xml.js';
import { type Merchant, openMerchant } from '../support/merchant.js';
import { rejection } from '../support/rejection.js';

describe('The simulated gateway’s notification of a refund', () => {
  let server: Server;
  let address: string;
  let received: string[];
  let answers: boolean;
  let merchant: Merchant | undefined;
  beforeEach(async () => {
    received = [];
    answers = true;
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      received.push(body);
      if (answers) response.end('<xml><return_code>SUCCESS</return_code></xml>');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = Object(server.address());
    address = `http://127.0.0.1:${port}/notice`;
  });
  afterEach(async () => {
    await merchant?.close();
    merchant = undefined;
    server.close();
  });

  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const notice = () => merchant?.simulator.refunds[0]?.notice;
  /** As the vendor's page has it: AES-256-ECB under the lower-case hexadecimal MD5 of the key. */
  const decipher = (req_info: string): string => {
    const secret = createHash('md5')
      .update(merchant?.simulator.client.key ?? '')
      .digest('hex');
    const decipher = createDecipheriv('aes-256-ecb', secret, null);
    return decipher.update(req_info, 'base64', 'utf8') + decipher.final('utf8');
  };

  it('is XML without a sign that only the key opens', async () => {
    merchant = await openMerchant({}, { notifyUrl: address });
    const sale = await merchant.sell();
    await merchant.refund(sale, 'R1', 300);
    await until(() => notice() !== undefined);
    expect(notice()).to.equal('HTTP 200');
    const { appid, mch_id } = merchant.simulator.client;
    const { req_info = '', ...fields } = parseXml(received[0] ?? '');
    expect(fields).to.include({ return_code: 'SUCCESS', appid, mch_id });
    expect(fields).to.not.have.property('sign');
    expect(merchant.client.readRefundNotice(received[0] ?? '')).to.include({
      out_trade_no: sale,
      out_refund_no: 'R1',
      refund_fee: 300,
      refund_status: 'SUCCESS',
    });
    const told = decipher(req_info);
    expect(told).to.match(/^<root>.*<\/root>$/);
    expect(parseXml(told.replaceAll('root>', 'xml>'))).to.include({
      out_trade_no: sale,
      out_refund_no: 'R1',
      total_fee: '1000',
      refund_fee: '300',
      refund_status: 'SUCCESS',
      refund_recv_accout: '支付用户零钱',
    });
  });

  it('goes where the refund says, comes when it ends, and again when it is told to', async () => {
    merchant = await openMerchant({ refundEnd: 'waiting' }, { notifyUrl: 'http://127.0.0.1:1/nobody' });
    const { simulator, client } = merchant;
    const refund = { out_refund_no: 'R1', total_fee: 1000, refund_fee: 300 };
    const out_trade_no = await merchant.sell();
    // The client itself takes https alone, as the vendor does.
    await client.post('/secapi/pay/refund', { ...refund, out_trade_no, notify_url: address }, { certificate: true });
    expect(simulator.notifyRefund('R1')).to.equal(false);
    simulator.endRefund('R1', 'REFUNDCLOSE');
    await until(() => received.length === 1);
    expect(decipher(parseXml(received[0] ?? '').req_info ?? '')).to.include(
      '<refund_status>REFUNDCLOSE</refund_status>',
    );
    expect(simulator.notifyRefund('R1')).to.equal(true);
    await until(() => received.length === 2);
    expect(simulator.notifyRefund('R-none')).to.equal(false);
  });

  it('comes without a call once the refund has taken its time', async () => {
    merchant = await openMerchant({ refundDelay: 30 }, { notifyUrl: address });
    await merchant.refund(await merchant.sell(), 'R1', 300);
    await until(() => received.length === 1);
    expect(merchant.client.readRefundNotice(received[0] ?? '')).to.include({ refund_status: 'SUCCESS' });
  });

  it('holds nothing up when nobody takes it, or nobody answers', async () => {
    merchant = await openMerchant({}, { notifyUrl: 'http://127.0.0.1:1/' });
    const sale = await merchant.sell();
    expect(await merchant.refund(sale, 'R1', 300)).to.include({ result_code: 'SUCCESS' });
    await until(() => notice() !== undefined);
    expect(notice()).to.equal('ECONNREFUSED');
    await merchant.close();

    answers = false;
    merchant = await openMerchant({}, { notifyUrl: address });
    const other = await merchant.sell();
    expect(await merchant.refund(other, 'R2', 300)).to.include({ result_code: 'SUCCESS' });
    await until(() => received.length === 1);
    expect(await merchant.refundquery({ out_refund_no: 'R2' })).to.include({ refund_status_0: 'SUCCESS' });
    server.closeAllConnections?.();
  });

  it('goes nowhere without an address, and to no other protocol', async () => {
    merchant = await openMerchant();
    const sale = await merchant.sell();
    const refund = { out_trade_no: sale, out_refund_no: 'R1', total_fee: 1000, refund_fee: 300 };
    await merchant.client.post(
      '/secapi/pay/refund',
      { ...refund, notify_url: 'file:///etc/hostname' },
      { certificate: true },
    );
    expect(merchant.simulator.refunds[0]).to.include({ refund_status: 'SUCCESS' });
    expect(merchant.simulator.notifyRefund('R1')).to.equal(false);
    for (const notifyUrl of ['ftp://127.0.0.1/', 'nonsense', 'http://']) {
      const error = await rejection(startSimulator({ notifyUrl, scenario: 'service-down' }));
      expect(error).to.be.instanceOf(InvalidParameterError).and.include({ parameter: 'notifyUrl' });
    }
  });
});
