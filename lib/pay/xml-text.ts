import { InvalidParameterError } from '../errors.js';

const fieldName = /^[A-Za-z][\w.$-]*$/;

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

/** @throws InvalidParameterError for a name that is no element's name, or a text that XML can't carry. */
export function checkXmlField(name: string, value: string): void {
  if (!fieldName.test(name)) throw new InvalidParameterError(name, 'is not a field name');
  if (!isXmlText(value))
    throw new InvalidParameterError(name, `must not contain control characters; it has ${value.length} characters`);
}
