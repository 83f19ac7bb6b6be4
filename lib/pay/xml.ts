import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import { InvalidParameterError } from '../errors.js';
import { PayResponseError } from './errors.js';

const maxBytes = 1024 * 1024;
// A refundquery with its 50 refunds and 20 coupons each stays below.
const maxElements = 8192;

const fieldName = /^[A-Za-z][\w.$-]*$/;
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
const builder = new XMLBuilder({
  processEntities: false,
  tagValueProcessor: (_name, value) => String(value).replace(/[&<>"'\r]/g, (character) => escapes[character] ?? ''),
});

/**
 * Whether XML 1.0 has a way to write this text: no control character but tab, line feed and carriage return, no U+FFFE,
 * no U+FFFF, no half of a surrogate pair.
 */
export function isXmlText(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 && unit !== 0x9 && unit !== 0xa && unit !== 0xd) return false;
    if (unit >= 0xd800 && unit <= 0xdfff) {
      const next = text.charCodeAt(++index);
      if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return false;
    }
    if (unit >= 0xfffe) return false;
  }
  return true;
}

/**
 * The vendor's request body: `<xml>` with one element a field.
 * @throws InvalidParameterError for a name that is no element's name, or a text that XML can't carry.
 */
export function buildXml(fields: Readonly<Record<string, string>>): string {
  for (const [name, value] of Object.entries(fields)) {
    if (!fieldName.test(name)) throw new InvalidParameterError(name, 'is not a field name');
    if (!isXmlText(value))
      throw new InvalidParameterError(name, `must not contain control characters; it has ${value.length} characters`);
  }
  return builder.build({ xml: fields });
}

const declaration = /^\ufeff?\s*(?:<\?xml\s[^<>?]*\?>)?/;
// A section without its end goes to the body's end: looked for from each of many beginnings, it takes half a minute.
const cdata = /<!\[CDATA\[[\s\S]*?(?:\]\]>|$)/g;
const root = /^\s*<xml>([\s\S]*)<\/xml>\s*$/;
const element = /<([A-Za-z][\w.$-]*)(?: ?\/>|>[^<]*<\/\1>)/g;

/** The one shape a v2 message has: flat, no attribute, no comment, no DTD. Said before a parser may read more into it. */
function checkShape(xml: string): void {
  // A CDATA section stands for text: a character that no name and no white space has.
  const inner = root.exec(xml.replace(cdata, '\0'))?.[1];
  if (inner === undefined) throw new PayResponseError('The body is no <xml> element');
  let elements = 0;
  const rest = inner.replace(element, () => {
    elements++;
    return '';
  });
  if (elements > maxElements) throw new PayResponseError(`The body has ${elements} elements, more than ${maxElements}`);
  if (rest.trim() !== '')
    throw new PayResponseError('The body is not a flat list of elements without attributes, comments and declarations');
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** What a predefined or a numeric entity stands for; NUL, which no XML has, beyond Unicode. */
export function entityCharacter(name?: string, decimal?: string, hex = ''): string {
  if (name !== undefined) return named[name] ?? '';
  const point = decimal !== undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return point <= 0x10ffff ? String.fromCodePoint(point) : '\0';
}

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

const parser = new XMLParser({
  preserveOrder: true,
  parseTagValue: false,
  trimValues: false,
  // Paths of elements are read by nobody, and would be joined for each of them.
  jPath: false,
  // The library's own leaves an unknown entity as it is.
  entityDecoder: {
    decode: decodeEntities,
    reset: () => {},
    setXmlVersion: () => {},
    setExternalEntities: () => {},
    addInputEntities: () => {},
  },
  // Names never become those of an object here, so that nothing needs renaming.
  onDangerousProperty: (name) => name,
  maxNestedTags: 2,
});

/** A node of fast-xml-parser's ordered form: an object with one property, an element's or a text's. */
function readNode(node: object): [name: string, content: unknown] {
  const [entry] = Object.entries(node);
  if (entry === undefined) throw new PayResponseError('The body was not understood');
  return entry;
}

function textOf(nodes: unknown): string {
  let text = '';
  for (const node of Array.isArray(nodes) ? nodes : [{}]) {
    const [name, content] = readNode(node);
    if (name !== '#text') throw new PayResponseError('The body has an element within a field');
    text += content;
  }
  return text;
}

// No XML text has it, so that it can stand for another character.
const hiddenReturn = '\u0001';

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
  const xml = decodeUtf8(body).replace(declaration, '');
  if (!isXmlText(xml)) throw new PayResponseError('The body has control characters');
  checkShape(xml);
  const fields = new Map<string, string>();
  try {
    // A gateway signs a carriage return as it is, while a parser must make it a line feed: it's hidden from the parser.
    const nodes: unknown = parser.parse(xml.replaceAll('\r', hiddenReturn));
    const [, content] = readNode(Array.isArray(nodes) ? nodes[0] : {});
    for (const node of Array.isArray(content) ? content : [{}]) {
      const [name, value] = readNode(node);
      // White space between the elements.
      if (name === '#text') continue;
      if (fields.has(name)) throw new PayResponseError('The body has a field twice');
      fields.set(name, textOf(value).replaceAll(hiddenReturn, '\r'));
    }
  } catch (error) {
    if (error instanceof PayResponseError) throw error;
    throw new PayResponseError('The body is no well-formed XML');
  }
  return Object.fromEntries(fields);
}
