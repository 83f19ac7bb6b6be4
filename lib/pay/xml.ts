import { entityCharacter } from './entities.js';
import { PayResponseError } from './errors.js';
import { checkXmlField, isXmlText } from './xml-text.js';

const maxBytes = 1024 * 1024;
// A refundquery with its 50 refunds and 20 coupons each stays below.
const maxElements = 8192;

// XML 1.0 has no way to write the other control characters, nor half a surrogate pair.
const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // A parser turns a bare carriage return into a line feed.
  '\r': '&#xD;',
};
const isSpecial = /[&<>"'\r]/;
const escaped = (text: string): string =>
  isSpecial.test(text) ? text.replace(/[&<>"'\r]/g, (character) => escapes[character] ?? '') : text;

/**
 * The vendor's request body: `<xml>` with one element a field.
 * @throws InvalidParameterError for a name that is not an element's name, or a text that XML can't carry.
 */
export function buildXml(fields: Readonly<Record<string, string>>): string {
  let elements = '';
  for (const [name, value] of Object.entries(fields)) {
    checkXmlField(name, value);
    elements += `<${name}>${escaped(value)}</${name}>`;
  }
  return `<xml>${elements}</xml>`;
}

const beginning = /^\ufeff?\s*(?:<\?xml\s[^<>?]*\?>\s*)?<xml>/;
const cdataBegins = '<![CDATA[';
const cdataEnds = ']]>';

// JavaScript's own for an object; __proto__ is not a name here anyway.
const reserved = ['constructor', 'prototype'];

const wrongShape = (): PayResponseError =>
  new PayResponseError(
    'The body is no <xml> element with a flat list of elements without attributes, comments and declarations',
  );

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([\da-fA-F]{1,6}))?;?/g, (all, name, decimal, hex) => {
    if (all.endsWith(';')) {
      const character = entityCharacter(name, decimal, hex);
      if (isXmlText(character)) return character;
    }
    throw new PayResponseError('The body has an entity other than the five predefined and the numeric ones');
  });
}

/** Text and CDATA sections, joined. */
function textOf(content: string): string {
  let text = '';
  let place = 0;
  for (;;) {
    const section = content.indexOf(cdataBegins, place);
    if (section < 0) return text + decodeEntities(content.slice(place));
    const end = content.indexOf(cdataEnds, section);
    text += decodeEntities(content.slice(place, section)) + content.slice(section + cdataBegins.length, end);
    place = end + cdataEnds.length;
  }
}

/** The one shape that a v2 message has: flat, no attribute, no comment, no DTD. Goes through it once, whatever is in it. */
function readElements(xml: string): Record<string, string> {
  // Sticky: each matches where the text before it ended. An element's name, and what is in it: text and CDATA sections.
  const element = /\s*<([A-Za-z][\w.$-]*)(?:>([^<]*(?:<!\[CDATA\[[^\]]*(?:\](?!\]>)[^\]]*)*\]\]>[^<]*)*)<\/\1>| ?\/>)/y;
  const ending = /\s*<\/xml>\s*$/y;
  const fields: Record<string, string> = {};
  let elements = 0;
  const begun = beginning.exec(xml)?.[0];
  if (begun === undefined) throw wrongShape();
  element.lastIndex = begun.length;
  for (;;) {
    ending.lastIndex = element.lastIndex;
    const [, name, content = ''] = element.exec(xml) ?? [];
    if (name === undefined) break;
    elements += 1;
    if (elements > maxElements) throw new PayResponseError(`The body has more than ${maxElements} elements`);
    fields[name] = textOf(content);
  }
  if (!ending.test(xml) || reserved.some((name) => Object.hasOwn(fields, name))) throw wrongShape();
  if (Object.keys(fields).length < elements) throw new PayResponseError('The body has a field twice');
  return fields;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeUtf8(body: string | Buffer): string {
  try {
    return typeof body === 'string' ? body : utf8.decode(body);
  } catch {
    throw new PayResponseError('The body is not UTF-8');
  }
}

/**
 * Reads a v2 message: `<xml>` with one element a field. Every value is the string that was written, nothing trimmed, CDATA
 * sections joined with the text around them.
 *
 * What comes from outside is hostile: refused are DTDs, entities other than the predefined and numeric ones, attributes,
 * comments, nested elements, a field that comes twice, bytes that are no UTF-8, and more than 1 MiB or 8192 elements.
 * @throws PayResponseError
 */
export function parseXml(body: string | Buffer): Record<string, string> {
  if (Buffer.byteLength(body) > maxBytes) throw new PayResponseError(`The body has more than ${maxBytes} bytes`);
  const xml = decodeUtf8(body);
  if (!isXmlText(xml)) throw new PayResponseError('The body has control characters');
  return readElements(xml);
}
