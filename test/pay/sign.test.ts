import { expect } from 'chai';
import { InvalidParameterError } from '../../lib/errors.js';
import { sign, verifySignature } from '../../lib/pay/sign.js';

// The known answer of the vendor's documentation.
const key = '192006250b4c09247ec02edce69f6a2d';
const params = {
  appid: 'wxd930ea5d5a258f4f',
  mch_id: '10000100',
  device_info: '1000',
  body: 'test',
  nonce_str: 'ibuaiVcKdpRxkhJA',
};
const md5 = '9A0A8659F005D6984697E2CA0A9CF3B7';
const hmac = '6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6';

describe('a signature', () => {
  it("is the vendor's published one for both types", () => {
    expect(sign(params, key, 'MD5')).to.equal(md5);
    expect(sign(params, key, 'HMAC-SHA256')).to.equal(hmac);
  });

  it("is MD5 unless told otherwise, as the vendor's", () => {
    expect(sign(params, key)).to.equal(md5);
    expect(verifySignature({ ...params, sign: md5 }, key)).to.equal(true);
  });

  it('leaves out absent and empty fields and the signature itself', () => {
    const more = { ...params, attach: '', detail: undefined, goods_tag: null, sign: 'anything' };
    expect(sign(more, key, 'MD5')).to.equal(md5);
  });

  it("doesn't depend on the order of the fields", () => {
    expect(sign(Object.fromEntries(Object.entries(params).reverse()), key, 'MD5')).to.equal(md5);
  });

  it('takes a zero and a number for what their digits say', () => {
    expect(sign({ ...params, total_fee: 0 }, key)).to.equal(sign({ ...params, total_fee: '0' }, key));
    expect(sign({ ...params, total_fee: 0 }, key)).to.not.equal(md5);
  });

  it('counts fields that no table lists', () => {
    const signed = { ...params, brand_new_field: 'x' };
    expect(verifySignature({ ...signed, sign: sign(signed, key) }, key)).to.equal(true);
    expect(verifySignature({ ...signed, brand_new_field: 'y', sign: sign(signed, key) }, key)).to.equal(false);
  });

  it('verifies only with the right key, type, fields and case', () => {
    const good = { ...params, sign: hmac };
    expect(verifySignature(good, key, 'HMAC-SHA256')).to.equal(true);
    expect(verifySignature(good, `${key}x`, 'HMAC-SHA256')).to.equal(false);
    expect(verifySignature(good, key, 'MD5')).to.equal(false);
    expect(verifySignature({ ...good, body: 'Test' }, key, 'HMAC-SHA256')).to.equal(false);
    expect(verifySignature({ ...good, sign: hmac.toLowerCase() }, key, 'HMAC-SHA256')).to.equal(false);
  });

  it('is never taken as verified where it is missing, empty or no text', () => {
    for (const missing of [undefined, null, '', 0, hmac.slice(1), { length: 64 }])
      expect(verifySignature({ ...params, sign: missing }, key, 'HMAC-SHA256')).to.equal(false);
  });

  it('is refused for an empty key, an unknown type, or a value that is no text, without quoting the value', () => {
    const refuse = (call: () => unknown, parameter: string) =>
      expect(call).to.throw(InvalidParameterError).with.property('parameter', parameter);
    refuse(() => sign(params, ''), 'key');
    refuse(() => sign({ ...params, detail: { secret: 1 } }, key), 'detail');
    refuse(() => sign({ ...params, total_fee: Number.NaN }, key), 'total_fee');
    const unknownType: string = 'SHA1';
    refuse(() => Reflect.apply(sign, undefined, [params, key, unknownType]), 'sign_type');
  });
});
