import { deepStrictEqual } from 'node:assert';
import { PayResponseError } from '../../../lib/pay/errors.js';
import { buildXml, parseXml } from '../../../lib/pay/xml.js';

/** Whatever comes is refused by PayResponseError, or read as fields that can be written and read again. */
export function fuzz(body: Buffer): void {
  let fields: Record<string, string>;
  try {
    fields = parseXml(body);
  } catch (error) {
    if (error instanceof PayResponseError) return;
    throw error;
  }
  for (const value of Object.values(fields)) if (typeof value !== 'string') throw new Error('A value is no text');
  deepStrictEqual(parseXml(buildXml(fields)), fields);
  deepStrictEqual(Object.getPrototypeOf({}), Object.prototype);
}
