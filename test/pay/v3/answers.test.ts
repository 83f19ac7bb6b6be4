import { expect } from 'chai';
import fc from 'fast-check';
import { PayMismatchError, PayResponseError } from '../../../lib/pay/errors.js';
import { readRefundquery } from '../../../lib/pay/refundquery.js';
import { checkIdentity, readPayment, readQuery, readReverse } from '../../../lib/pay/results.js';
import {
  errorCode,
  translatePayment,
  translateQuery,
  translateRefundquery,
  translateReverse,
  type VerifiedAnswer,
} from '../../../lib/pay/v3/answers.js';
import { mch_id } from '../../support/certificates.js';
import { appid, paidV3 } from '../../support/gateway-v3.js';

const out_trade_no = 'A-0001';
const sent = { appid, mch_id, out_trade_no, total_fee: '100' };

/** As the client reads it. */
const payment = (answer: VerifiedAnswer) => {
  const fields = translatePayment(answer);
  checkIdentity('micropay', 'payment', sent, fields);
  return readPayment(fields);
};
const calls: Record<string, (answer: VerifiedAnswer) => unknown> = {
  payment,
  query: (answer) => readQuery(translateQuery(answer)),
  reversal: (answer) => readReverse(translateReverse(answer)),
  refundquery: (answer) => readRefundquery(translateRefundquery(answer)),
};

const states = [
  'SUCCESS',
  'REFUND',
  'NOTPAY',
  'CLOSED',
  'REVOKED',
  'USERPAYING',
  'PAYERROR',
  'ACCEPT',
  'constructor',
  '',
];
/** A good answer in which anything may be anything else. */
const nearly = fc
  .record(
    {
      status: fc.constantFrom(200, 202, 204, 400, 403, 404, 429, 500, 502),
      trade_state: fc.oneof(fc.constantFrom(...states), fc.jsonValue()),
      changes: fc.dictionary(
        fc.constantFrom(
          ...Object.keys(paidV3('')),
          'code',
          'message',
          'sub_mchid',
          'status',
          'out_refund_no',
          '__proto__',
        ),
        fc.jsonValue(),
        { maxKeys: 3 },
      ),
    },
    { requiredKeys: ['status', 'changes'] },
  )
  .map(({ status, trade_state, changes }) => ({
    status,
    body: { ...paidV3(out_trade_no), ...(trade_state !== undefined && { trade_state }), ...changes },
  }));
const any = fc.record({
  status: fc.integer({ min: 100, max: 599 }),
  body: fc.oneof(fc.jsonValue(), fc.constant(undefined)),
});

describe('Answers of API v3', () => {
  for (const [name, read] of Object.entries(calls))
    it(`to a ${name} are read, or refused by an error that means unknown, whatever they are`, () => {
      fc.assert(
        fc.property(fc.oneof(nearly, any), (answer) => {
          try {
            read(answer);
          } catch (error) {
            expect(error).to.satisfy(
              (each: unknown) => each instanceof PayResponseError || each instanceof PayMismatchError,
            );
          }
        }),
        { numRuns: 2_000 },
      );
    });

  it('say paid only with 200, SUCCESS, our merchant, our order and our amount', () => {
    fc.assert(
      fc.property(fc.oneof(nearly, any), (answer) => {
        let result: unknown;
        try {
          result = payment(answer);
        } catch {
          return;
        }
        if (!(typeof result === 'object' && result !== null && 'result_code' in result)) throw new Error('no result');
        if (result.result_code !== 'SUCCESS') return;
        expect(answer.status).to.equal(200);
        expect(answer.body).to.deep.include({ trade_state: 'SUCCESS', out_trade_no, appid, mchid: mch_id });
        expect(answer.body).to.have.nested.property('amount.total', 100);
      }),
      { numRuns: 5_000 },
    );
  });

  it('are ORDERNOTEXIST only by a 404 of that code', () => {
    expect(errorCode(404, 'ORDER_NOT_EXIST', 'ORDERNOTEXIST')).to.equal('ORDERNOTEXIST');
    expect(errorCode(404, 'RESOURCE_NOT_EXISTS', 'REFUNDNOTEXIST')).to.equal('REFUNDNOTEXIST');
    for (const [status, code] of [
      [404, 'NOT_FOUND'],
      [404, ''],
      [400, 'RESOURCE_NOT_EXISTS'],
      [400, 'ORDER_NOT_EXIST'],
      [500, 'ORDER_NOT_EXIST'],
    ] as const)
      expect(errorCode(status, code, 'ORDERNOTEXIST')).to.equal(code);
  });
});
