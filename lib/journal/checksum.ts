import { createHash } from 'node:crypto';

// Slicing by eight: table k has the effect of a byte that k others follow, so that eight bytes go at once.
const tables = new Int32Array(8 * 256);
for (let index = 0; index < 256; index += 1) {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  tables[index] = value;
}
for (let index = 256; index < tables.length; index += 1) {
  const before = tables[index - 256] ?? 0;
  tables[index] = (before >>> 8) ^ (tables[before & 255] ?? 0);
}

const noWords = new Int32Array(0);

// Not inside the function: made again at each call they would cost more than they do.
const at = (table: Int32Array, index: number): number => table[index] ?? 0;
const next = (table: Int32Array, value: number, byte: number): number =>
  at(table, (value ^ byte) & 255) ^ (value >>> 8);

/** CRC-32C (Castagnoli). */
export function crc32c(bytes: Uint8Array): number {
  // A bundle makes variables of a module's constants: V8 would look again at each byte which array it is.
  const table = tables;
  const head = bytes.length < 8 ? bytes.length : -bytes.byteOffset & 3;
  const words =
    head === bytes.length
      ? noWords
      : new Int32Array(bytes.buffer, bytes.byteOffset + head, ((bytes.length - head) >>> 3) << 1);
  let value = -1;
  for (let index = 0; index < head; index += 1) value = next(table, value, bytes[index] ?? 0);
  for (let index = 0; index < words.length; index += 2) {
    const low = value ^ (words[index] ?? 0);
    const high = words[index + 1] ?? 0;
    value =
      at(table, 1792 + (low & 255)) ^
      at(table, 1536 + ((low >>> 8) & 255)) ^
      at(table, 1280 + ((low >>> 16) & 255)) ^
      at(table, 1024 + (low >>> 24)) ^
      at(table, 768 + (high & 255)) ^
      at(table, 512 + ((high >>> 8) & 255)) ^
      at(table, 256 + ((high >>> 16) & 255)) ^
      at(table, high >>> 24);
  }
  for (let index = head + 4 * words.length; index < bytes.length; index += 1)
    value = next(table, value, bytes[index] ?? 0);
  return ~value >>> 0;
}

/** What the next line carries of this one: 128 bits of its SHA-256, in hexadecimal. */
export const digestOf = (line: Uint8Array): string => createHash('sha256').update(line).digest('hex').slice(0, 32);
