import { expect } from 'chai';
import {
  paymentAfter,
  paymentErrorCodes,
  queryErrorCodes,
  reportedErrorCodes,
  reverseErrorCodes,
} from '../../lib/pay/error-codes.js';

describe('the error catalogue', () => {
  it("has every row of the vendor's three tables", () => {
    expect(Object.keys(paymentErrorCodes)).to.have.lengthOf(25);
    expect(Object.keys(queryErrorCodes)).to.have.members(['ORDERNOTEXIST', 'SYSTEMERROR']);
    expect(Object.keys(reverseErrorCodes)).to.have.members([
      'SYSTEMERROR',
      'INVALID_TRANSACTIONID',
      'PARAM_ERROR',
      'REQUIRE_POST_METHOD',
      'SIGNERROR',
      'REVERSE_EXPIRE',
      'INVALID_REQUEST',
      'TRADE_ERROR',
      'USERPAYING',
    ]);
  });

  it('says unknown of the three payments that the vendor calls unknown, failed of all others', () => {
    const unknown = Object.values(paymentErrorCodes).filter(({ payment }) => payment === 'unknown');
    expect(unknown.map(({ err_code }) => err_code)).to.have.members(['SYSTEMERROR', 'BANKERROR', 'USERPAYING']);
    expect(paymentErrorCodes.AUTHCODEEXPIRE?.payment).to.equal('failed');
  });

  it('knows what is reported but not listed, apart from the rows of the vendor', () => {
    expect(Object.keys(reportedErrorCodes)).to.deep.equal(['FREQUENCY_LIMITED']);
    expect(paymentErrorCodes.FREQUENCY_LIMITED).to.equal(undefined);
  });

  it('says what became of a payment, and unknown of what nobody has listed', () => {
    const rows = ['NOTENOUGH', 'FREQUENCY_LIMITED', 'SYSTEMERROR', 'USERPAYING', 'NO_SUCH_CODE', 'constructor', ''];
    expect(rows.map(paymentAfter)).to.deep.equal([
      ...['failed', 'failed'],
      ...['unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
    ]);
  });

  it('says each thing in Chinese and in English', () => {
    for (const table of [paymentErrorCodes, queryErrorCodes, reverseErrorCodes, reportedErrorCodes])
      for (const [code, { err_code, zh, en }] of Object.entries(table)) {
        expect(err_code).to.equal(code);
        for (const text of Object.values(en)) expect(text).to.match(/^[\x20-\x7e…]+$/);
        expect(Object.values(zh).join('')).to.match(/\p{Script=Han}/u);
      }
  });

  it('can be changed by nobody', () => {
    for (const row of Object.values(paymentErrorCodes))
      for (const part of [row, row.zh, row.en]) expect(part).to.be.frozen;
  });

  it('knows nothing of an unlisted code, also where an object would', () => {
    for (const code of ['NO_SUCH_CODE', 'constructor', 'toString', '__proto__'])
      expect(paymentErrorCodes[code]).to.equal(undefined);
  });
});
