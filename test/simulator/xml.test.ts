import { expect } from 'chai';
import fc from 'fast-check';
import { buildXml, parseXml } from '../../lib/pay/xml.js';
import { isXmlText } from '../../lib/pay/xml-text.js';
import { readRequest } from '../../lib/simulator/xml.js';

const read = (xml: string) => readRequest(Buffer.from(xml));

describe('A request that the simulated gateway reads', () => {
  it('has the strings that were written, nothing trimmed', () => {
    const xml =
      '<?xml version="1.0"?>\n<xml>\n <a> 007 </a><b><![CDATA[ <1> &nbsp;]]> &amp;&#x5fae;</b>\n<c/><d></d></xml>\n';
    expect(read(xml)).to.deep.equal({ a: ' 007 ', b: ' <1> &nbsp; &微', c: '', d: '' });
    expect(read('<xml></xml>')).to.deep.equal({});
  });

  const refused: Record<string, string | Buffer> = {
    nothing: '',
    'no XML': 'out_trade_no=1',
    'another root': '<root><a>1</a></root>',
    'two roots': '<xml><a>1</a></xml><xml><b>1</b></xml>',
    'another root beside it': '<xml><a>1</a></xml><root/>',
    'an unclosed element': '<xml><a>1</xml>',
    'an unclosed section': '<xml><a><![CDATA[1</a></xml>',
    'a nested element': '<xml><a><b>1</b></a></xml>',
    'very deep elements': `<xml>${'<a>'.repeat(5000)}${'</a>'.repeat(5000)}</xml>`,
    'a field twice': '<xml><a>1</a><a>1</a></xml>',
    'an attribute': '<xml><a b="1">1</a></xml>',
    'text between the elements': '<xml><a>1</a>x<b>2</b></xml>',
    'nothing but text': '<xml>1</xml>',
    'a comment': '<xml><a>1<!-- 2 --></a></xml>',
    'an unknown entity': '<xml><a>&nbsp;</a></xml>',
    'a bare ampersand': '<xml><a>1 & 2</a></xml>',
    'a billion laughs': '<!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><xml><a>&b;</a></xml>',
    'an external entity': '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><a>&x;</a></xml>',
    'control characters': '<xml><a>\u0001</a></xml>',
    'bytes that are no UTF-8': Buffer.from('<xml><a>\xff</a></xml>', 'latin1'),
    '64 KiB of unclosed sections': `<xml>${'<![CDATA['.repeat(7000)}`,
    'more than 64 KiB': `<xml><a>${'x'.repeat(65_536)}</a></xml>`,
  };
  for (const [what, body] of Object.entries(refused))
    it(`is refused with ${what}`, () => {
      expect(readRequest(Buffer.from(body))).to.equal(undefined);
    });

  const text = fc.string({ unit: 'binary' }).filter(isXmlText);
  // The library renames those that every object has.
  const name = fc
    .stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,20}$/)
    .filter((each) => !(each in {}) && each !== 'prototype');

  it('says to this reader what it says to the payment client’s, for any fields', () => {
    fc.assert(
      fc.property(fc.dictionary(name, text), (fields) => {
        const xml = Buffer.from(buildXml(fields));
        expect(readRequest(xml)).to.deep.equal(fields);
        expect(parseXml(xml)).to.deep.equal(fields);
      }),
    );
  });

  it('says the same to both, however a peer writes it', () => {
    const plain = fc.string({ unit: 'grapheme' }).map((value) => value.replace(/[&<>\r]/g, ''));
    const written = fc.oneof(
      plain,
      plain.map((value) => `<![CDATA[<&${value}]]>`),
      fc.constantFrom('&amp;', '&lt;', '&#10;', '&#x1F600;', '\n', ' ', ']]', '"', "'"),
    );
    const between = fc.constantFrom('', '\n', '  ');
    const elements = fc.dictionary(
      name,
      fc.array(written).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(elements, between, (fields, space) => {
        const lines = Object.entries(fields).map(([field, value]) => `${space}<${field}>${value}</${field}>`);
        const xml = Buffer.from(`<xml>${lines.join('')}${space}</xml>`);
        expect(readRequest(xml)).to.deep.equal(parseXml(xml));
      }),
    );
  });
});
