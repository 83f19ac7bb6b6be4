import { InvalidParameterError } from '../errors.js';

const fieldName = /^[A-Za-z][\w.$-]*$/;
/** What is none of XML's characters (XML 1.0, 2.2: Char). By code points it takes four times as long as by code units. */
const notXml = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const perhapsNotXml = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/;

/**
 * Whether XML 1.0 has a way to write this text: no control character but tab, line feed and carriage return, no U+FFFE,
 * no U+FFFF, no half of a surrogate pair.
 */
export const isXmlText = (text: string): boolean => !perhapsNotXml.test(text) || !notXml.test(text);

/** @throws InvalidParameterError for a name that is not an element's name, or a text that XML can't carry. */
export function checkXmlField(name: string, value: string): void {
  if (!fieldName.test(name)) throw new InvalidParameterError(name, 'is not a field name');
  if (!isXmlText(value))
    throw new InvalidParameterError(name, `must not contain control characters; it has ${value.length} characters`);
}
