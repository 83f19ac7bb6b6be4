import { expect } from 'chai';
import fc from 'fast-check';
import { InvalidParameterError } from '../../lib/errors.js';
import { PayResponseError } from '../../lib/pay/errors.js';
import { sign, verifySignature } from '../../lib/pay/sign.js';
import { buildXml, parseXml } from '../../lib/pay/xml.js';
import { isXmlText } from '../../lib/pay/xml-text.js';

const key = '192006250b4c09247ec02edce69f6a2d';

describe('XML of the v2 API', () => {
  it('keeps every value the string that was written', () => {
    const fields = {
      transaction_id: '0042000000202411230000000000',
      total_fee: '007',
      body: '  <b>"5 > 4" & \'3\'</b> ]]> 形象店\r\n\t ',
      empty: '',
      hex: '0x10',
      float: '1e5',
      truth: 'true',
    };
    expect(parseXml(buildXml(fields))).to.deep.equal(fields);
  });

  it('joins CDATA sections with the text around them, trimming nothing', () => {
    const xml = '<xml>\n  <a> x<![CDATA[ & ]]><![CDATA[]]]]><![CDATA[>&amp;]]> &lt;y&gt; </a>\n</xml>\n';
    expect(parseXml(xml)).to.deep.equal({ a: ' x & ]]>&amp; <y> ' });
  });

  it('keeps a carriage return, which a gateway signs as it is', () => {
    expect(parseXml('<xml>\r\n<a><![CDATA[1\r\n2]]></a>\r\n<b>\r&#13;</b></xml>')).to.deep.equal({
      a: '1\r\n2',
      b: '\r\r',
    });
  });

  it('decodes the five predefined entities and numeric ones', () => {
    expect(parseXml('<xml><a>&amp;&lt;&gt;&quot;&apos;&#65;&#x1F600;&#x5fae;</a></xml>')).to.deep.equal({
      a: '&<>"\'A😀微',
    });
  });

  it('accepts a byte order mark, a declaration and empty elements', () => {
    const xml = '\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<xml><a>1</a><b/><c></c></xml>';
    const fields = { a: '1', b: '', c: '' };
    expect(parseXml(xml)).to.deep.equal(fields);
    expect(parseXml(Buffer.from(xml))).to.deep.equal(fields);
  });

  it('takes a field for a field that has the name of the root', () => {
    expect(parseXml('<xml>\n<a>1</a>\n<xml>2</xml>\n<b>3</b>\n</xml>')).to.deep.equal({ a: '1', xml: '2', b: '3' });
  });

  it('reads as many elements as it says, and none more', () => {
    const list = (count: number) => `<xml>${Array.from({ length: count }, (_, i) => `<a${i}/>`).join('')}</xml>`;
    expect(Object.keys(parseXml(list(8192)))).to.have.lengthOf(8192);
    expect(() => parseXml(list(8193))).to.throw(PayResponseError, '8192');
  });

  it('takes the names of an object for nothing special', () => {
    const names = ['toString', 'hasOwnProperty', 'valueOf', 'length', 'then'];
    const fields = parseXml(`<xml>${names.map((name) => `<${name}>1</${name}>`).join('')}</xml>`);
    expect(Object.keys(fields)).to.deep.equal(names);
    for (const name of ['__proto__', 'constructor', 'prototype', '__defineGetter__'])
      expect(() => parseXml(`<xml><${name}>1</${name}></xml>`)).to.throw(PayResponseError);
    expect(Object.hasOwn(Object.prototype, 'polluted')).to.equal(false);
  });

  it('refuses names and texts that XML has no way to write', () => {
    for (const name of ['', '1a', 'a b', 'a><b', '__proto__', '#text', '?xml'])
      expect(() => buildXml({ [name]: 'x' })).to.throw(InvalidParameterError);
    for (const text of ['\0', '\u0001', '\ud800', 'a\udc00', '\uffff'])
      expect(() => buildXml({ a: text })).to.throw(InvalidParameterError);
  });

  const hostile: Record<string, string | Buffer> = {
    'an empty body': '',
    'white space': ' \n ',
    'an HTML page': '<!DOCTYPE html><html><body>502 Bad Gateway</body></html>',
    'HTML without a doctype': '<html><head><title>502</title></head></html>',
    JSON: '{"return_code":"SUCCESS"}',
    'another root': '<root><a>1</a></root>',
    'two roots': '<xml><a>1</a></xml><xml><a>2</a></xml>',
    'text after the root': '<xml><a>1</a></xml>x',
    'text before the root': 'x<xml><a>1</a></xml>',
    'text between the elements': '<xml><a>1</a>x<b>2</b></xml>',
    'CDATA between the elements': '<xml><a>1</a><![CDATA[x]]></xml>',
    'CDATA around the elements': '<xml><![CDATA[<a>1</a>]]></xml>',
    'CDATA within a name': '<xml><a<![CDATA[x]]>b>1</ab></xml>',
    'an unclosed root': '<xml><a>1</a>',
    'an unclosed element': '<xml><a>1</xml>',
    'crossed elements': '<xml><a><b>1</a></b></xml>',
    'a nested element': '<xml><a><b>1</b></a></xml>',
    'an unclosed CDATA section': '<xml><a><![CDATA[1</a></xml>',
    '1 MiB of unclosed CDATA sections': `<xml>${'<![CDATA['.repeat(116_000)}</xml>`,
    '1 MiB of opening brackets': `<xml><a>${'<'.repeat(1_048_000)}`,
    '1 MiB of ampersands': `<xml><a>${'&'.repeat(1_048_000)}</a></xml>`,
    '1 MiB of elements in each other': `<xml>${'<a>'.repeat(349_000)}`,
    '1 MiB of white space': ' '.repeat(1_048_000),
    '1 MiB of white space behind the root': `<xml></xml>${' '.repeat(1_048_000)}x`,
    'a name of 1 MiB': `<xml><${'a'.repeat(1_048_000)}`,
    'a field twice': '<xml><a>1</a><a>1</a></xml>',
    'a comment': '<xml><a>1<!-- 2 --></a></xml>',
    'a processing instruction': '<xml><?php x ?><a>1</a></xml>',
    'an attribute': '<xml><a b="1">1</a></xml>',
    'a DTD': '<!DOCTYPE xml><xml><a>1</a></xml>',
    'a DTD in lower case': '<!doctype xml><xml><a>1</a></xml>',
    'an external entity': '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><a>&x;</a></xml>',
    'a billion laughs': `<!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><xml><a>&b;</a></xml>`,
    'a DTD hidden between CDATA-like attributes': '<xml><a b="<![CDATA["><!DOCTYPE x><c d="]]>">1</c></a></xml>',
    'an unknown entity': '<xml><a>&nbsp;</a></xml>',
    'a bare ampersand': '<xml><a>1 & 2</a></xml>',
    'an entity without its end': '<xml><a>&amp 2</a></xml>',
    'a numeric entity for NUL': '<xml><a>&#0;</a></xml>',
    'a numeric entity for half a pair': '<xml><a>&#xD800;</a></xml>',
    'a numeric entity beyond Unicode': '<xml><a>&#x110000;</a></xml>',
    'a very long numeric entity': `<xml><a>&#${'9'.repeat(400)};</a></xml>`,
    'control characters': '<xml><a>\u0001</a></xml>',
    'bytes that are no UTF-8': Buffer.from('<xml><a>\xff\xfe</a></xml>', 'latin1'),
    'UTF-16': Buffer.from('\ufeff<xml><a>1</a></xml>', 'utf16le'),
    'more than 1 MiB': `<xml><a>${'x'.repeat(1024 * 1024)}</a></xml>`,
    'very many elements': `<xml>${Array.from({ length: 9000 }, (_, i) => `<a${i}>1</a${i}>`).join('')}</xml>`,
    'very deep elements': `<xml>${'<a>'.repeat(50_000)}${'</a>'.repeat(50_000)}</xml>`,
  };
  for (const [what, body] of Object.entries(hostile))
    it(`refuses ${what}`, () => {
      expect(() => parseXml(body)).to.throw(PayResponseError);
    });

  const xmlText = fc.string({ unit: 'binary' }).filter(isXmlText);
  const name = fc
    .stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,20}$/)
    .filter((text) => !['constructor', 'prototype'].includes(text));

  it('gives back what was built, still signed, for any text', () => {
    fc.assert(
      fc.property(fc.dictionary(name, xmlText), (fields) => {
        const signed = { ...fields, sign: sign(fields, key, 'HMAC-SHA256') };
        const read = parseXml(Buffer.from(buildXml(signed)));
        expect(read).to.deep.equal(signed);
        expect(verifySignature(read, key, 'HMAC-SHA256')).to.equal(true);
      }),
    );
  });

  it('with any single byte changed is refused, fails its signature, or says the same', () => {
    const fields = { return_code: 'SUCCESS', body: ' a & b\r\n]]>', attach: '', total_fee: '100', detail: '微信' };
    const signed = { ...fields, sign: sign(fields, key) };
    const bodies = [
      buildXml(signed),
      `<?xml version="1.0"?>\n<xml>${Object.entries(signed)
        .map(([field, value]) => `<${field}><![CDATA[${value.replace(']]>', ']]]]><![CDATA[>')}]]></${field}>\n`)
        .join('')}</xml>`,
    ].map((xml) => Buffer.from(xml));
    const meant = (read: Record<string, string>) =>
      Object.fromEntries(Object.entries(read).filter(([, value]) => value));
    fc.assert(
      fc.property(fc.constantFrom(...bodies), fc.nat(), fc.integer({ min: 1, max: 255 }), (body, place, change) => {
        const changed = Buffer.from(body);
        const at = place % changed.length;
        changed[at] = (changed[at] ?? 0) ^ change;
        let read: Record<string, string>;
        try {
          read = parseXml(changed);
        } catch (error) {
          expect(error).to.be.instanceOf(PayResponseError);
          return;
        }
        if (verifySignature(read, key)) expect(meant(read)).to.deep.equal(meant(signed));
      }),
      { numRuns: 20_000 },
    );
  });
});
