import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JournalError } from './errors.js';

/*
 * LevelDB skips a damaged part of its log in silence (paranoid_checks is off and can't be set from here), and deletes the
 * log after reading it. A journal of money looks first. Format: leveldb/doc/log_format.md.
 */

const blockSize = 32_768;
const headerSize = 7;
// kZeroType fills preallocated space, FULL, FIRST, MIDDLE, LAST.
const lastType = 4;

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** CRC-32C (Castagnoli). */
export function crc32c(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (table[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return ~value >>> 0;
}

/** LevelDB stores checksums rotated, "masked". */
function unmasked(stored: number): number {
  const rotated = (stored - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

/**
 * Where a log is damaged other than by a write that never ended, which was never reported as durable.
 * @returns The offset of the damage, or undefined.
 */
export function damageInLog(log: Buffer): number | undefined {
  for (let offset = 0; offset < log.length; ) {
    const left = blockSize - (offset % blockSize);
    if (left < headerSize) {
      offset += left;
      continue;
    }
    // A torn end: cut off, or filled with zeros by the file system.
    if (log.length - offset < headerSize || isZero(log.subarray(offset))) return undefined;
    const length = log.readUInt16LE(offset + 4);
    const type = log.readUInt8(offset + 6);
    const end = offset + headerSize + length;
    const isTorn = end > log.length || isZero(log.subarray(Math.max(offset, end - 1)));
    if (headerSize + length > left) return offset;
    if (end > log.length) return undefined;
    if (type > lastType || unmasked(log.readUInt32LE(offset)) !== crc32c(log.subarray(offset + 6, end)))
      return isTorn ? undefined : offset;
    offset = end;
  }
  return undefined;
}

/** @throws JournalError where a log in the folder is damaged. Changes nothing. */
export async function checkLevelLogs(directory: string): Promise<void> {
  const names = await readdir(directory);
  for (const name of names.filter((each) => each.endsWith('.log'))) {
    const damage = damageInLog(await readFile(join(directory, name)));
    if (damage !== undefined)
      throw new JournalError(
        `The journal in ${directory} is damaged: ${name} at byte ${damage}. Nothing was changed. Keep a copy of the folder, and compare the payments of its last days with the gateway's bill before starting with a new one`,
      );
  }
}
