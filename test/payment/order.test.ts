import { inspect } from 'node:util';
import { expect } from 'chai';
import { InvalidParameterError } from '../../lib/errors.js';
import { railOf } from '../../lib/payment/client.js';
import { checkCode, checkOrder } from '../../lib/payment/order.js';
import { till } from '../support/scripted/till.js';

const order = { out_trade_no: 'A1', total_fee: 100, body: 'Tea' };

function refusal(check: (...given: never[]) => unknown, ...given: unknown[]): InvalidParameterError {
  try {
    // As a program in JavaScript might.
    Reflect.apply(check, undefined, given);
  } catch (error) {
    if (error instanceof InvalidParameterError) return error;
    throw error;
  }
  return expect.fail('nothing was thrown');
}

describe('An order', () => {
  it("is taken with every field of the vendor's table", () => {
    checkOrder({
      ...order,
      spbill_create_ip: '8.8.8.8',
      attach: '说明',
      detail: '{"goods_detail":[]}',
      goods_tag: '1234',
      limit_pay: 'no_credit',
      fee_type: 'CNY',
      device_info: '013467007045764',
      time_start: '20091225091010',
      receipt: 'Y',
      scene_info: '{"store_info":{"id":"SZTX001"}}',
      profit_sharing: 'N',
      extra: { sub_openid: 'someone' },
    });
    checkOrder({ ...order, attach: undefined, extra: undefined });
  });

  const wrong: ReadonlyArray<[parameter: string, change: object]> = [
    ['out_trade_no', { out_trade_no: '' }],
    ['out_trade_no', { out_trade_no: 'a b' }],
    ['out_trade_no', { out_trade_no: 'A@1' }],
    ['out_trade_no', { out_trade_no: 'x'.repeat(33) }],
    ['out_trade_no', { out_trade_no: 1 }],
    ['total_fee', { total_fee: 0 }],
    ['total_fee', { total_fee: 0.5 }],
    ['total_fee', { total_fee: -1 }],
    ['total_fee', { total_fee: '100' }],
    ['total_fee', { total_fee: Number.NaN }],
    ['body', { body: '' }],
    ['body', { body: '茶'.repeat(43) }],
    ['body', { body: 'Tea 🍵' }],
    ['totalFee', { totalFee: 100 }],
    ['extra', { extra: 'sub_openid' }],
    ['extra.total_fee', { extra: { total_fee: '1' } }],
    ['extra.sign', { extra: { sign: 'x' } }],
    ['extra.auth_code', { extra: { auth_code: 'x' } }],
    ['sub_openid', { extra: { sub_openid: '🍵' } }],
    ['sub_openid', { extra: { sub_openid: 1 } }],
  ];
  for (const [parameter, change] of wrong)
    it(`is refused where it has ${inspect(change)}`, () => {
      expect(refusal(checkOrder, { ...order, ...change }, 'micropay')).to.include({ parameter });
    });

  it('is refused where it is none', () => {
    expect(refusal(checkOrder, undefined, 'micropay')).to.include({ parameter: 'order' });
  });
});

describe('A payment code', () => {
  it('says which rail takes it', () => {
    const { client: v2 } = till({});
    const v3 = { ...v2, rail: 'codepay' as const };
    const auth_code = '120061098828009406';
    for (const client of [v2, v3, { ...v3, v2 }])
      expect(railOf(client, { face_code: 'a1B2', openid: 'someone' })).to.equal('facepay');
    expect(railOf(v2, { auth_code, from: 'face' })).to.equal('micropay');
    expect(railOf({ ...v3, v2 }, { auth_code })).to.equal('codepay');
    expect(railOf({ ...v3, v2 }, { auth_code, from: 'face' })).to.equal('micropay');
    expect(railOf({ ...v3, v2, faceCodes: 'v3' }, { auth_code, from: 'face' })).to.equal('codepay');
    expect(railOf(v3, { auth_code, from: 'face' })).to.equal('codepay');
  });

  it('is refused, and never quoted, where it is none, both, or of a wrong form', () => {
    const secret = '99secret99';
    for (const code of [
      undefined,
      {},
      { auth_code: '' },
      { auth_code: secret },
      { auth_code: secret, face_code: secret },
      { face_code: secret.repeat(13) },
      secret,
    ]) {
      const error = refusal(checkCode, code);
      expect(inspect(error)).to.not.include(secret);
    }
  });
});
