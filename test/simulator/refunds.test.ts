import { expect } from 'chai';
import { PayTransportError } from 'wxpay-face';
import { parseXml } from '../../lib/pay/xml.js';
import { type Merchant, openMerchant } from '../support/merchant.js';
import { rejection } from '../support/rejection.js';

const minute = 60_000;
const day = 24 * 60 * minute;

describe('The simulated gateway’s refunds', () => {
  let merchant: Merchant;
  beforeEach(async () => {
    merchant = await openMerchant({ refundInterval: 0 });
  });
  afterEach(() => merchant.close());
  const entry = (out_trade_no: string) =>
    merchant.simulator.ledger.find((order) => order.out_trade_no === out_trade_no);
  /** A limit slows our client down. */
  const refundAtOnce = async (fields: Record<string, string>) =>
    parseXml((await merchant.ask('/secapi/pay/refund', fields)).text);
  const status = async (out_refund_no: string) => (await merchant.refundquery({ out_refund_no })).refund_status_0;

  it('give parts back, until nothing is left', async () => {
    const sale = await merchant.sell();
    expect(await merchant.refund(sale, 'R1', 300)).to.include({
      result_code: 'SUCCESS',
      out_trade_no: sale,
      out_refund_no: 'R1',
      refund_fee: 300,
      total_fee: 1000,
    });
    expect(entry(sale)).to.include({ trade_state: 'REFUND', charged: 1000, refunded: 300 });
    expect(await merchant.client.orderquery({ out_trade_no: sale })).to.include({
      trade_state: 'REFUND',
      total_fee: 1000,
    });
    expect(await merchant.refund(sale, 'R2', 701)).to.include({
      err_code: 'INVALID_REQUEST',
      err_code_des: 'refund_fee大于可退金额',
    });
    expect(await merchant.refund(sale, 'R2', 700)).to.include({ result_code: 'SUCCESS' });
    expect(entry(sale)).to.include({ refunded: 1000 });
    expect(await merchant.refund(sale, 'R3', 1)).to.include({ err_code: 'ERROR', err_code_des: '订单已全额退款' });
    expect(
      merchant.simulator.refunds.map(({ out_refund_no, refund_status }) => out_refund_no + refund_status),
    ).to.deep.equal(['R1SUCCESS', 'R2SUCCESS']);
  });

  it('are one by their number: the same parameters give it once, others are refused', async () => {
    const [sale, other] = [await merchant.sell(), await merchant.sell()];
    const first = await merchant.refund(sale, 'R1', 300);
    expect(await merchant.refund(sale, 'R1', 300)).to.include({ refund_id: first.refund_id });
    for (const changed of [
      await merchant.refund(sale, 'R1', 301),
      await merchant.refund(sale, 'R1', 300, 900),
      await merchant.refund(other, 'R1', 300),
    ])
      expect(changed).to.include({
        err_code: 'REFUND_FEE_MISMATCH',
        err_code_des: '订单金额或退款金额与之前请求不一致，请核实后再试',
      });
    expect(entry(sale)).to.include({ refunded: 300 });
    expect(entry(other)).to.include({ refunded: 0, trade_state: 'SUCCESS' });
  });

  it('are refused for what was never sold, never paid, or reversed', async () => {
    const { client, become } = merchant;
    expect(await merchant.refund('T-none', 'R1', 5)).to.include({ err_code: 'ORDERNOTEXIST' });
    const stranger = {
      transaction_id: '4200000000000000000000000000',
      out_refund_no: 'R1',
      total_fee: 5,
      refund_fee: 5,
    };
    expect(await client.refund(stranger)).to.include({ err_code: 'INVALID_TRANSACTIONID' });
    const sale = await merchant.sell();
    await client.reverse({ out_trade_no: sale });
    expect(await merchant.refund(sale, 'R1', 5)).to.include({ err_code: 'TRADE_STATE_ERROR' });
    become({ payment: 'password', password: 'waiting' });
    expect(await merchant.refund(await merchant.sell(), 'R1', 5)).to.include({ err_code: 'TRADE_STATE_ERROR' });
    expect(merchant.simulator.refunds).to.deep.equal([]);
  });

  it('of one order are a minute apart', async () => {
    merchant.become({});
    const [sale, other] = [await merchant.sell(), await merchant.sell()];
    const refund = (out_trade_no: string, out_refund_no: string) =>
      refundAtOnce({ out_trade_no, out_refund_no, total_fee: '1000', refund_fee: '100' });
    await refund(sale, 'R1');
    expect(await refund(sale, 'R2')).to.include({ err_code: 'FREQUENCY_LIMITED', err_code_des: '频率限制' });
    expect(await refund(other, 'R3')).to.include({ result_code: 'SUCCESS' });
    expect(await refund(sale, 'R1')).to.include({ result_code: 'SUCCESS' });
    merchant.become({ clock: minute });
    expect(await refund(sale, 'R2')).to.include({ result_code: 'SUCCESS' });
  });

  it('of one order are fifty at most', async () => {
    const sale = await merchant.sell();
    for (let n = 0; n < 50; n += 1) await merchant.refund(sale, `R${n}`, 1);
    expect(await merchant.refund(sale, 'R50', 1)).to.include({ err_code: 'INVALID_REQUEST' });
    expect(entry(sale)).to.include({ refunded: 50 });
  });

  it('are refused a year after the payment', async () => {
    const sale = await merchant.sell();
    merchant.become({ clock: 366 * day });
    expect(await merchant.refund(sale, 'R1', 100)).to.include({ err_code: 'TRADE_OVERDUE' });
    merchant.become({ clock: 364 * day });
    expect(await merchant.refund(sale, 'R1', 100)).to.include({ result_code: 'SUCCESS' });
  });

  it('are found by four numbers', async () => {
    const sale = await merchant.sell();
    const { refund_id, transaction_id } = await merchant.refund(sale, 'R1', 300);
    const [id, order] = [String(refund_id), String(transaction_id)];
    for (const reference of [
      { refund_id: id },
      { out_refund_no: 'R1' },
      { transaction_id: order },
      { out_trade_no: sale },
      // The first of these that is given counts.
      { refund_id: id, out_refund_no: 'R-none' },
      { out_refund_no: 'R1', offset: '3' },
    ]) {
      const answer = await merchant.refundquery(reference);
      expect(answer).to.include({
        out_trade_no: sale,
        transaction_id: order,
        total_fee: '1000',
        refund_count: '1',
        out_refund_no_0: 'R1',
        refund_id_0: id,
        refund_fee_0: '300',
        refund_status_0: 'SUCCESS',
        refund_account_0: 'REFUND_SOURCE_UNSETTLED_FUNDS',
        refund_recv_accout_0: '支付用户零钱',
      });
      expect(answer.refund_success_time_0).to.match(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    }
    const fresh = await merchant.refundquery({ out_trade_no: await merchant.sell() });
    expect(fresh).to.include({ err_code: 'REFUNDNOTEXIST' });
    const unknown = await merchant.refundquery({ out_refund_no: 'R9' });
    expect(unknown).to.include({ err_code: 'REFUNDNOTEXIST', err_code_des: '退款订单查询失败' });
  });

  it('of one order come ten at a time', async () => {
    const sale = await merchant.sell();
    for (let n = 0; n < 23; n += 1) await merchant.refund(sale, `R${n}`, 1);
    const page = async (offset?: string) => merchant.refundquery({ out_trade_no: sale, ...(offset ? { offset } : {}) });
    const first = await page();
    expect(first).to.include({ refund_count: '10', total_refund_count: '23', out_refund_no_9: 'R9' });
    expect(first).to.not.have.property('out_refund_no_10');
    expect(await page('20')).to.include({ refund_count: '3', total_refund_count: '23', out_refund_no_2: 'R22' });
    expect(await page('23')).to.include({ err_code: 'PARAM_ERROR' });
    expect(await page('-1')).to.include({ err_code: 'PARAM_ERROR' });
    const all = await merchant.client.refundquery({ out_trade_no: sale });
    expect(all.result_code === 'SUCCESS' && all.refunds.map(({ out_refund_no }) => out_refund_no)).to.deep.equal(
      Array.from({ length: 23 }, (_, n) => `R${n}`),
    );
  });

  describe('end', () => {
    it('after their time, and give nothing back before', async () => {
      merchant.become({ refundDelay: 3 * day });
      const sale = await merchant.sell();
      await merchant.refund(sale, 'R1', 300);
      expect(await status('R1')).to.equal('PROCESSING');
      expect(entry(sale)).to.include({ trade_state: 'REFUND', refunded: 0 });
      merchant.become({ clock: 3 * day, refundInterval: 0 });
      expect(entry(sale)).to.include({ refunded: 300 });
      expect(await status('R1')).to.equal('SUCCESS');
    });

    it('closed: nothing is given back, and it can be given again under a new number', async () => {
      merchant.become({ refundEnd: 'REFUNDCLOSE', refundInterval: 0 });
      const sale = await merchant.sell();
      await merchant.refund(sale, 'R1', 1000);
      expect(await status('R1')).to.equal('REFUNDCLOSE');
      expect(entry(sale)).to.include({ refunded: 0 });
      merchant.become({ refundInterval: 0 });
      expect(await merchant.refund(sale, 'R2', 1000)).to.include({ result_code: 'SUCCESS' });
      expect(entry(sale)).to.include({ refunded: 1000 });
    });

    it('with CHANGE: nothing is given back, and it can’t be given again', async () => {
      merchant.become({ refundEnd: 'CHANGE', refundInterval: 0 });
      const sale = await merchant.sell();
      await merchant.refund(sale, 'R1', 1000);
      expect(await status('R1')).to.equal('CHANGE');
      expect(entry(sale)).to.include({ refunded: 0 });
      expect(await merchant.refund(sale, 'R2', 1000)).to.include({ err_code: 'ERROR' });
    });

    it('also when the gateway’s clock is set back, which keeps no later one off either', async () => {
      merchant.become({ clock: day, refundDelay: minute });
      const sale = await merchant.sell();
      await merchant.refund(sale, 'R1', 300);
      merchant.become({});
      expect(await status('R1')).to.equal('SUCCESS');
      expect(await merchant.refund(sale, 'R2', 300)).to.include({ result_code: 'SUCCESS' });
    });

    it('when the test says so', async () => {
      merchant.simulator.scenario = 'refund-pending';
      const sale = await merchant.sell();
      await merchant.refund(sale, 'R1', 1000);
      expect(await status('R1')).to.equal('PROCESSING');
      expect(merchant.simulator.endRefund('R1', 'SUCCESS')).to.equal(true);
      expect(await status('R1')).to.equal('SUCCESS');
      expect(entry(sale)).to.include({ refunded: 1000 });
      expect(merchant.simulator.endRefund('R1', 'CHANGE')).to.equal(false);
      expect(merchant.simulator.endRefund('R-none', 'SUCCESS')).to.equal(false);
    });
  });

  it('are in the log under their order, whatever they are asked by, with the receiver masked', async () => {
    const sale = await merchant.sell();
    const refund = { out_trade_no: sale, out_refund_no: 'R1', total_fee: 1000, refund_fee: 300 };
    const notify_url = 'https://shop.example/notice?token=secret';
    await merchant.client.refund({ ...refund, notify_url });
    await merchant.refundquery({ out_refund_no: 'R1' });
    const [, asked, queried] = merchant.simulator.calls;
    expect(asked).to.deep.include({ name: 'refund', answer: 'SUCCESS', out_trade_no: sale });
    expect(asked?.request).to.include({ out_refund_no: 'R1', refund_fee: '300', notify_url: '***' });
    expect(queried).to.deep.include({ name: 'refundquery', answer: 'SUCCESS', out_trade_no: sale });
    expect(queried?.response).to.include({ refund_status_0: 'SUCCESS', refund_recv_accout_0: '***' });
  });

  it('and a reversal together give back what was paid, and no more', async () => {
    merchant.become({ refundEnd: 'waiting' });
    const sale = await merchant.sell();
    await merchant.refund(sale, 'R1', 300);
    await merchant.client.reverse({ out_trade_no: sale });
    await merchant.client.reverse({ out_trade_no: sale });
    expect(entry(sale)).to.include({ trade_state: 'REFUND', refunded: 700 });
    merchant.simulator.endRefund('R1', 'SUCCESS');
    expect(entry(sale)).to.include({ refunded: 1000 });
  });

  describe('answer, in the scenario', () => {
    for (const [scenario, err_code, isTaken] of [
      ['refund-empty-balance', 'NOTENOUGH', false],
      ['refund-account-abnormal', 'USER_ACCOUNT_ABNORMAL', false],
      ['refund-system-error-but-taken', 'SYSTEMERROR', true],
    ] as const)
      it(`${scenario} ${err_code}, and ${isTaken ? 'are taken' : 'nothing is taken'}`, async () => {
        const sale = await merchant.sell();
        merchant.simulator.scenario = scenario;
        expect(await merchant.refund(sale, 'R1', 300)).to.include({ result_code: 'FAIL', err_code });
        expect(await status('R1')).to.equal(isTaken ? 'SUCCESS' : undefined);
        expect(entry(sale)).to.include({ refunded: isTaken ? 300 : 0 });
      });

    it('refund-limited FREQUENCY_LIMITED, and nothing is taken', async () => {
      const out_trade_no = await merchant.sell();
      merchant.simulator.scenario = 'refund-limited';
      const fields = { out_trade_no, out_refund_no: 'R1', total_fee: '1000', refund_fee: '300' };
      expect(await refundAtOnce(fields)).to.include({ err_code: 'FREQUENCY_LIMITED', err_code_des: '频率限制' });
      expect(merchant.simulator.refunds).to.deep.equal([]);
    });

    it('refund-lost-response nothing, although they are taken', async () => {
      const sale = await merchant.sell();
      merchant.simulator.scenario = 'refund-lost-response';
      const error = await rejection(merchant.refund(sale, 'R1', 300));
      expect(error).to.be.instanceOf(PayTransportError).and.include({ sent: true });
      expect(await status('R1')).to.equal('SUCCESS');
    });

    it('any other as they are told, and queries too', async () => {
      const sale = await merchant.sell();
      merchant.become({ refund: 'BIZERR_NEED_RETRY', refundquery: 'SYSTEMERROR' });
      expect(await merchant.refund(sale, 'R1', 300)).to.include({ err_code: 'BIZERR_NEED_RETRY' });
      expect(await merchant.refundquery({ out_refund_no: 'R1' })).to.include({ err_code: 'SYSTEMERROR' });
    });
  });
});
