import { expect } from 'chai';
import { paymentErrorCodes, queryErrorCodes, reverseErrorCodes } from 'wxpay-face';
import { commands } from '../../lib/face/commands.js';
import { prepareRequest } from '../../lib/face/messages.js';
import { calls } from '../../lib/pay/calls.js';
import { events } from '../../lib/payment/decision/states.js';
import { languages, pageOf } from '../../scripts/docs/languages.js';
import { skip } from '../support/skip.js';
import { fieldMappingPages, leftOut, mapFields, signaturesOf } from './field-mapping.js';
import { readPage } from './pages.js';
import { common, tradeStates, vendorCalls } from './vendor-fields.js';

describe('the vendor’s page', () => {
  before(function () {
    if (process.platform === 'win32')
      return skip(this, 'the same types, checked by the same compiler; under Wine that alone takes minutes');
  });

  it('has a place here for each of its fields and codes', () => {
    const missing = mapFields()
      .filter(({ place }) => place === undefined)
      .map(({ call, kind, name }) => `${call.name} ${kind} ${name}`);
    expect(missing).to.deep.equal([]);
  }).timeout(60_000);

  it('is all that the command table knows: nothing there is made up', () => {
    const byPage = vendorCalls.filter(({ side }) => side === 'face');
    expect(Object.keys(commands).sort()).to.deep.equal(byPage.map(({ name }) => name).sort());
    for (const { name, request, response, codes } of byPage) {
      const command = Object.entries(commands).find(([cmd]) => cmd === name)?.[1];
      expect(Object.keys(command?.fields ?? {}), name).to.have.members([...request]);
      expect([...(command?.response.required ?? []), ...(command?.response.optional ?? [])], name).to.have.members([
        ...response,
      ]);
      expect(command?.goodCodes, name).to.have.members(['SUCCESS', ...codes]);
    }
  });

  it('is all that the catalogues of error codes know', () => {
    const catalogues = { micropay: paymentErrorCodes, orderquery: queryErrorCodes, reverse: reverseErrorCodes };
    for (const [name, catalogue] of Object.entries(catalogues)) {
      const codes = vendorCalls.find((call) => call.name === name)?.codes ?? [];
      expect(Object.keys(catalogue), name).to.have.members([...codes]);
    }
  });

  it('has its common fields in every request', () => {
    const request = JSON.parse(Buffer.from(prepareRequest('releaseWxpayface', {})()).toString());
    expect(Object.keys(request)).to.have.members([...common.request]);
  });

  it('lists no trade_state that a payment would not understand', () => {
    for (const state of tradeStates) expect(events).to.have.property(`query:${state}`);
  });

  it('is left out in part only for a reason, and then by types and rules alike', () => {
    const signatureOf = signaturesOf();
    for (const { call, name, why } of leftOut) {
      expect(calls[call].fields).to.not.have.property(name);
      expect([...signatureOf('PayClient', call).takes])
        .to.include('total_fee')
        .and.not.include(name);
      for (const language of languages) expect(why[language]).to.not.equal('');
    }
  }).timeout(60_000);

  it('is mapped as it is, in both languages', () => {
    const pages = fieldMappingPages();
    for (const language of languages)
      expect(readPage(pageOf('field-mapping.md', language)).text, 'npm run docs:field-mapping').to.equal(
        pages[language],
      );
  }).timeout(60_000);
});
