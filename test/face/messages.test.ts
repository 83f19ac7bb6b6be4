import { expect } from 'chai';
import fc from 'fast-check';
import { InvalidParameterError } from '../../lib/errors.js';
import { ServiceResponseError } from '../../lib/face/errors.js';
import { parseResponse, prepareRequest } from '../../lib/face/messages.js';

const sent = (cmd: string, params: Record<string, unknown>) =>
  JSON.parse(Buffer.from(prepareRequest(cmd, params)()).toString());

const basicPlane = fc.string({ unit: fc.integer({ min: 0, max: 0xd7ff }).map((code) => String.fromCharCode(code)) });

describe('A request', () => {
  it('carries the command, version "1" and the time in ten digits', () => {
    const before = Math.floor(Date.now() / 1000);
    const { now, ...rest } = sent('releaseWxpayface', {});
    expect(rest).to.deep.equal({ cmd: 'releaseWxpayface', version: '1' });
    expect(String(now)).to.match(/^[0-9]{10}$/);
    expect(now).to.be.within(before, before + 5);
  });

  it('leaves out what is undefined, and keeps what its caller knows better', () => {
    expect(sent('x', { a: undefined, cmd: 'y', version: '2', now: 1540901425 })).to.deep.equal({
      cmd: 'x',
      version: '2',
      now: 1540901425,
    });
  });

  it('is what its parameters were when it was asked for', () => {
    const params = { store_id: 'A' };
    const request = prepareRequest('x', params);
    params.store_id = 'B';
    expect(JSON.parse(Buffer.from(request()).toString()).store_id).to.equal('A');
  });

  it('carries any text of the Basic Multilingual Plane, in UTF-8', () => {
    fc.assert(
      fc.property(fc.dictionary(basicPlane, basicPlane), (params) => {
        const { cmd, version, now, ...rest } = sent('x', params);
        const { cmd: _, version: ownVersion = '1', now: ownNow = now, ...given } = params;
        expect(rest).to.deep.equal({ ...given });
        expect([cmd, version, now]).to.deep.equal(['x', ownVersion, ownNow]);
      }),
    );
  });

  for (const [what, params, parameter] of [
    ['an emoji', { store_name: 'shop 🙂' }, 'store_name'],
    ['half a surrogate pair', { store_name: 'shop \ud83d' }, 'store_name'],
    ['an emoji deep inside', { a: { b: ['🙂'] } }, '0'],
    ['an emoji in a name', { '🙂': 1 }, '🙂'],
    ['a number that JSON does not have', { total: Number.NaN }, 'total'],
    ['a bigint', { total: 1n }, 'total'],
    ['a function', { total: () => 1 }, 'total'],
  ] as const)
    it(`with ${what} is refused before it is sent`, () => {
      expect(() => prepareRequest('x', params))
        .to.throw(InvalidParameterError)
        .with.property('parameter', parameter);
    });

  it('is refused where it goes round in a circle, or is no object', () => {
    const circle: Record<string, unknown> = {};
    circle.itself = circle;
    expect(() => prepareRequest('x', circle)).to.throw(InvalidParameterError);
    expect(() => prepareRequest('', {})).to.throw(InvalidParameterError);
    for (const made of ['text', ['list'], 1, null, undefined])
      expect(() => prepareRequest('x', { toJSON: () => made }), String(made))
        .to.throw(InvalidParameterError)
        .with.property('parameter', 'params');
  });
});

describe('A response', () => {
  it('is exactly what came, unknown fields included', () => {
    fc.assert(
      fc.property(fc.dictionary(basicPlane, fc.jsonValue()), basicPlane, (fields, return_code) => {
        const { return_msg: _, ...rest } = fields;
        const text = JSON.stringify({ ...rest, return_code });
        expect(parseResponse('x', Buffer.from(text))).to.deep.equal(JSON.parse(text));
      }),
    );
  });

  it('may have an emoji, written out or escaped', () => {
    for (const text of ['{"return_code":"SUCCESS","n":"🙂"}', '{"return_code":"SUCCESS","n":"\\ud83d\\ude42"}'])
      expect(parseResponse('x', Buffer.from(text)).n).to.equal('🙂');
  });

  it('leaves Object.prototype alone', () => {
    parseResponse('x', Buffer.from('{"return_code":"SUCCESS","__proto__":{"polluted":true}}'));
    expect({}).not.to.have.property('polluted');
  });

  const secret = 'o7MkX0tA';
  for (const [what, bytes] of [
    ['empty', Buffer.alloc(0)],
    ['not UTF-8', Buffer.from(`{"return_code":"SUCCESS","openid":"${secret}\xff"}`, 'latin1')],
    ['half a surrogate pair', Buffer.from(`{"return_code":"${secret}\\uD83d"}`)],
    ['half a surrogate pair in a name', Buffer.from(`{"return_code":"${secret}","\\udc00":1}`)],
    ['cut off', Buffer.from(`{"return_code":"SUCCESS","openid":"${secret}`)],
    ['not JSON', Buffer.from(`<html>${secret}</html>`)],
    ['followed by a NUL', Buffer.from(`{"return_code":"SUCCESS","openid":"${secret}"}\0`)],
    ['an array', Buffer.from(`["${secret}"]`)],
    ['null', Buffer.from('null')],
    ['without a return_code', Buffer.from(`{"openid":"${secret}"}`)],
    ['with a number for a return_code', Buffer.from('{"return_code":0}')],
    ['with a return_code only in __proto__', Buffer.from('{"__proto__":{"return_code":"SUCCESS"}}')],
  ] as const)
    it(`that is ${what} is a ServiceResponseError that quotes nothing`, () => {
      expect(() => parseResponse('getWxpayfaceCode', bytes))
        .to.throw(ServiceResponseError)
        .that.satisfies((error: ServiceResponseError) => !error.message.includes(secret) && error.cause === undefined)
        .and.has.property('cmd', 'getWxpayfaceCode');
    });

  it('with a return_msg that is no text is not said to lack its return_code', () => {
    const response = Buffer.from('{"return_code":"SUCCESS","return_msg":5}');
    expect(() => parseResponse('x', response)).to.throw(ServiceResponseError, 'has a return_msg that is not text');
    expect(parseResponse('x', Buffer.from('{"return_code":"A","return_msg":null}'))).to.deep.equal({
      return_code: 'A',
    });
  });

  it('that is nested too deeply to be looked through is said to be that, and nothing else', () => {
    const deep = `{"return_code":"SUCCESS","a":${'['.repeat(100_000)}${']'.repeat(100_000)},"b":"\\ud83d\\ude42"}`;
    expect(() => parseResponse('x', Buffer.from(deep))).to.throw(ServiceResponseError, 'nested too deeply');
    const half = '{"return_code":"SUCCESS","a":"\\ud83d"}';
    expect(() => parseResponse('x', Buffer.from(half))).to.throw(ServiceResponseError, 'half a character');
  });

  it('is an object or an error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        try {
          expect(parseResponse('x', bytes).return_code).to.be.a('string');
        } catch (error) {
          expect(error).to.be.instanceOf(ServiceResponseError);
        }
      }),
    );
  });
});
