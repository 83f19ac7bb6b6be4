import { expect } from 'chai';
import { ClosedError, InvalidParameterError } from '../../../lib/errors.js';
import {
  PayMismatchError,
  PayProtocolError,
  PayResponseError,
  PaySignatureError,
  PayTransportError,
} from '../../../lib/pay/errors.js';
import type { RefundSuccess } from '../../../lib/pay/refund.js';
import type { RefundQueryResult } from '../../../lib/pay/refundquery.js';
import { queryAnswer, queryError, sendAnswer, sendError } from '../../../lib/payment/decision/refund/answers.js';
import { failed } from '../../support/scripted/client.js';

const asked = { out_trade_no: 'A1', out_refund_no: 'R1', total_fee: 100, refund_fee: 40 };
const taken: RefundSuccess = { result_code: 'SUCCESS', ...asked, transaction_id: '42', refund_id: '50' };

describe('What an answer to refund means', () => {
  it('is accepted by SUCCESS about our number, sale and amounts', () => {
    expect(sendAnswer(taken, asked)).to.deep.equal({ on: 'send:accepted', verified: true, detail: 'SUCCESS' });
    const others = [{ out_trade_no: 'A2' }, { out_refund_no: 'R2' }, { total_fee: 101 }, { refund_fee: 41 }];
    for (const other of others)
      expect(sendAnswer({ ...taken, ...other }, asked), Object.keys(other).join()).to.include({ on: 'send:unclear' });
  });

  const codes: Readonly<Record<string, string>> = {
    SYSTEMERROR: 'send:again',
    BIZERR_NEED_RETRY: 'send:again',
    FREQUENCY_LIMITED: 'send:limited',
    INVALID_REQ_TOO_MUCH: 'send:limited',
    TRADE_OVERDUE: 'send:declined',
    NOTENOUGH: 'send:declined',
    INVALID_TRANSACTIONID: 'send:declined',
    PARAM_ERROR: 'send:declined',
    APPID_NOT_EXIST: 'send:declined',
    MCHID_NOT_EXIST: 'send:declined',
    ORDERNOTEXIST: 'send:declined',
    REQUIRE_POST_METHOD: 'send:declined',
    SIGNERROR: 'send:declined',
    XML_FORMAT_ERROR: 'send:declined',
    USER_ACCOUNT_ABNORMAL: 'send:declined',
    ERROR: 'send:declined',
    // Nobody has listed these.
    INVALID_REQUEST: 'send:unclear',
    constructor: 'send:unclear',
  };
  for (const [code, on] of Object.entries(codes))
    it(`is ${on} by ${code}`, () => {
      const answer = sendAnswer(failed(code, '原因'), asked);
      expect(answer).to.deep.include({ on, verified: true, detail: `${code} 原因` });
      if (on !== 'send:declined') return;
      const byHand = code === 'USER_ACCOUNT_ABNORMAL' || code === 'ERROR';
      expect(answer.decline).to.deep.equal({
        err_code: code,
        err_code_des: '原因',
        ...(byHand && { byHand: true }),
      });
    });

  it('is a limit by its words as well', () => {
    expect(sendAnswer(failed('ERROR', '频率限制'), asked)).to.include({ on: 'send:limited' });
  });

  it('is nothing, or worse, by an error', () => {
    const cases: ReadonlyArray<readonly [unknown, object]> = [
      [new PayTransportError('no answer came in time', true), { on: 'send:again' }],
      [new PayTransportError('refused', false, { why: 'unreachable' }), { on: 'send:not-sent' }],
      [new PayTransportError('refused', false, { why: 'certificate' }), { on: 'send:certificate' }],
      [new PayResponseError('a page', 'certificate'), { on: 'send:certificate' }],
      [new PayResponseError('a page', 'limit'), { on: 'send:limited' }],
      [new PayResponseError('a page'), { on: 'send:again' }],
      [new PaySignatureError('wrong'), { on: 'send:again' }],
      [new PayProtocolError('refund', 'FAIL', '签名错误'), { on: 'send:refused', detail: '签名错误' }],
      [new PayProtocolError('refund', 'FAIL', 'certificate not match'), { on: 'send:certificate' }],
      [new PayProtocolError('refund', 'FAIL', '频率限制'), { on: 'send:limited' }],
      [new PayMismatchError('refund_fee', 'another refund_fee'), { on: 'send:unclear' }],
      [new InvalidParameterError('certificate', 'is required'), { on: 'send:unable', failure: 'certificate' }],
      [new InvalidParameterError('refund_desc', 'is too long'), { on: 'send:unable', failure: 'parameter' }],
      [new ClosedError('The client'), { on: 'send:unable', failure: 'closed' }],
      [new TypeError('secret'), { on: 'send:again', detail: 'TypeError' }],
      ['thrown', { on: 'send:again', detail: 'an unknown error' }],
    ];
    for (const [error, answer] of cases) {
      expect(sendError(error), String(error)).to.deep.include(answer);
      expect(sendError(error)).to.not.have.property('verified');
    }
  });
});

describe('What an answer to refundquery means', () => {
  const shown = (refund: object, sale: object = {}): RefundQueryResult => ({
    result_code: 'SUCCESS',
    out_trade_no: 'A1',
    total_fee: 100,
    ...sale,
    refunds: [
      { out_refund_no: 'R0', refund_id: '49', refund_fee: 60, refund_status: 'SUCCESS' },
      { out_refund_no: 'R1', refund_id: '50', refund_fee: 40, refund_status: 'SUCCESS', ...refund },
    ],
  });

  it('is refunded by SUCCESS of our number, sale and amounts', () => {
    const to = '招商银行信用卡0403';
    const answer = shown({ refund_success_time: '2024-11-23 12:05:00', refund_recv_accout: to });
    expect(queryAnswer(answer, asked)).to.deep.equal({
      on: 'query:SUCCESS',
      verified: true,
      detail: 'SUCCESS',
      givenBack: { refund_id: '50', time: '2024-11-23 12:05:00', to },
    });
    expect(queryAnswer(shown({}), asked)).to.deep.include({ givenBack: { refund_id: '50' } });
  });

  for (const refund_status of ['PROCESSING', 'REFUNDCLOSE', 'CHANGE'])
    it(`is what it says by ${refund_status}`, () => {
      const answer = queryAnswer(shown({ refund_status }), asked);
      expect(answer).to.deep.include({ on: `query:${refund_status}`, verified: true });
      expect(answer.decline).to.deep.equal(refund_status === 'REFUNDCLOSE' ? { err_code: refund_status } : undefined);
    });

  it('is nothing by a status that nobody has listed', () => {
    for (const refund_status of ['NOTSURE', 'constructor'])
      expect(queryAnswer(shown({ refund_status }), asked)).to.include({ on: 'query:silent', verified: true });
  });

  it('is about another refund where amount or sale are others, whatever its status', () => {
    for (const refund_status of ['SUCCESS', 'PROCESSING', 'NOTSURE']) {
      const answers = [
        shown({ refund_status, refund_fee: 41 }),
        shown({ refund_status }, { out_trade_no: 'A2' }),
        shown({ refund_status }, { total_fee: 1000 }),
      ];
      for (const answer of answers) expect(queryAnswer(answer, asked)).to.include({ on: 'query:stranger' });
    }
  });

  it('is nothing where our number is not in it', () => {
    expect(queryAnswer(shown({ out_refund_no: 'R2' }), asked)).to.deep.equal({
      on: 'query:silent',
      detail: 'an answer about no refund of ours',
    });
  });

  it('is missing by REFUNDNOTEXIST; a limit, or nothing, by any other code', () => {
    expect(queryAnswer(failed('REFUNDNOTEXIST'), asked)).to.include({ on: 'query:REFUNDNOTEXIST', verified: true });
    expect(queryAnswer(failed('FREQUENCY_LIMITED'), asked)).to.include({ on: 'query:limited', verified: true });
    for (const code of ['SYSTEMERROR', 'PARAM_ERROR', 'ORDERNOTEXIST'])
      expect(queryAnswer(failed(code), asked), code).to.include({ on: 'query:silent', verified: true });
  });

  it('is nothing, or worse, by an error', () => {
    const cases: ReadonlyArray<readonly [unknown, object]> = [
      [new PayTransportError('no answer came in time', true), { on: 'query:silent' }],
      [new PayTransportError('refused', false, { why: 'unreachable' }), { on: 'query:silent' }],
      [new PayTransportError('queue', false, { why: 'limit' }), { on: 'query:limited' }],
      [new PayProtocolError('refundquery', 'FAIL', '签名错误'), { on: 'query:refused' }],
      [new PayMismatchError('out_refund_no', 'another'), { on: 'query:silent' }],
      [new PayMismatchError('mch_id', 'another'), { on: 'query:stranger', verified: true }],
      [new TypeError('secret'), { on: 'query:silent', detail: 'TypeError' }],
    ];
    for (const [error, answer] of cases) expect(queryError(error), String(error)).to.deep.include(answer);
  });
});
