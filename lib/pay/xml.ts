import { XMLParser } from 'fast-xml-parser';
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
const escaped = (text: string): string => text.replace(/[&<>"'\r]/g, (character) => escapes[character] ?? '');

/**
 * The vendor's request body: `<xml>` with one element a field.
 * @throws InvalidParameterError for a name that is no element's name, or a text that XML can't carry.
 */
export function buildXml(fields: Readonly<Record<string, string>>): string {
  let elements = '';
  for (const [name, value] of Object.entries(fields)) {
    checkXmlField(name, value);
    elements += `<${name}>${escaped(value)}</${name}>`;
  }
  return `<xml>${elements}</xml>`;
}

const declaration = /^\ufeff?\s*(?:<\?xml\s[^<>?]*\?>)?/;
// A section without its end goes to the body's end: looked for from each of many beginnings, it takes half a minute.
const cdata = /<!\[CDATA\[[\s\S]*?(?:\]\]>|$)/g;
const message = /^\s*<xml>(?:\s|<([A-Za-z][\w.$-]*)(?: ?\/>|>[^<]*<\/\1>))*<\/xml>\s*$/;

/** The one shape a v2 message has: flat, no attribute, no comment, no DTD. Said before a parser may read more into it. */
function checkShape(xml: string): void {
  // A CDATA section stands for text: a character that no name and no white space has.
  if (!message.test(xml.replace(cdata, '\0')))
    throw new PayResponseError(
      'The body is no <xml> element with a flat list of elements without attributes, comments and declarations',
    );
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

// The message that is being read. The parser runs to its end at once, so that one serves all: to make one takes its time.
let fields: Record<string, string> = {};
let elements = 0;

const parser = new XMLParser({
  // No tree is wanted, and this form of one costs the library least.
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
  maxNestedTags: 1,
  // Called for each element as it begins.
  updateTag: (name) => {
    elements += 1;
    if (elements > maxElements) throw new PayResponseError(`The body has more than ${maxElements} elements`);
    if (Object.hasOwn(fields, name)) throw new PayResponseError('The body has a field twice');
    fields[name] = '';
    return false;
  },
  // Called for each piece of text in an element.
  tagValueProcessor: (name, text) => {
    fields[name] += text;
    return undefined;
  },
});

/** @param xml Of the right shape. The parser gets what is in the root: it passes over the white space between its elements then. */
function readElements(xml: string): Record<string, string> {
  fields = {};
  elements = 0;
  parser.parse(xml.slice(xml.indexOf('>') + 1, xml.lastIndexOf('<')));
  return fields;
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
  try {
    // A gateway signs a carriage return as it is, while a parser must make it a line feed: it's hidden from the parser.
    const read = readElements(xml.replaceAll('\r', hiddenReturn));
    if (xml.includes('\r'))
      for (const [name, value] of Object.entries(read)) read[name] = value.replaceAll(hiddenReturn, '\r');
    return read;
  } catch (error) {
    if (error instanceof PayResponseError) throw error;
    throw new PayResponseError('The body is no well-formed XML');
  }
}
