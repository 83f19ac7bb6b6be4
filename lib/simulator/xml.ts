import { XMLParser } from 'fast-xml-parser';
import { isXmlText } from '../pay/xml-text.js';
import { type Fields, isFields, isString } from '../unknown.js';

/** A request has one or two kilobytes. */
const maxBytes = 64 * 1024;

// A section without its end goes to the body's end.
const cdata = /<!\[CDATA\[[\s\S]*?(?:\]\]>|$)/g;
/** A DTD, a comment, or an entity that only a DTD could declare. */
const notPlain = /<!|&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-fA-F]+);)/;

const parser = new XMLParser({
  parseTagValue: false,
  trimValues: false,
  ignoreAttributes: false,
  ignoreDeclaration: true,
  // The numeric ones.
  htmlEntities: true,
  maxNestedTags: 2,
});

const utf8 = new TextDecoder('utf-8', { fatal: true });

function rootOf(body: Buffer): Fields | undefined {
  if (body.length > maxBytes) return undefined;
  try {
    const text = utf8.decode(body);
    if (!isXmlText(text) || notPlain.test(text.replace(cdata, ''))) return undefined;
    // With the library's validator, since its parser alone takes much that is not XML.
    const root: unknown = parser.parse(text, true);
    return isFields(root) ? root : undefined;
  } catch {
    return undefined;
  }
}

const areTexts = (fields: Fields): fields is Record<string, string> => Object.values(fields).every(isString);

/**
 * Reads a request as a gateway does: by a library's parser, because a fault that the payment client's writer and reader share
 * would hide behind itself.
 * @returns undefined for what is no `<xml>` element with a flat list of elements.
 */
export function readRequest(body: Buffer): Readonly<Record<string, string>> | undefined {
  const { xml, ...others } = rootOf(body) ?? {};
  // The parser takes an element without elements for its text.
  const { '#text': between = '', ...fields } = isFields(xml) ? xml : { '#text': xml ?? 'no root' };
  const isFlat = isString(between) && between.trim() === '' && Object.keys(others).length === 0;
  // Whatever comes twice, or has attributes or elements, is not a text.
  return isFlat && areTexts(fields) ? fields : undefined;
}
