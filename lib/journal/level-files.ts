import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JournalError } from './errors.js';

/*
 * LevelDB skips a damaged part of its log in silence, believes its tables without their checksums (paranoid_checks and
 * verify_checksums are off and can't be set from here), and begins anew where CURRENT is lost. A journal of money looks
 * first. Formats: leveldb/doc/log_format.md and table_format.md.
 */

const blockSize = 32_768;
const headerSize = 7;
// FULL, FIRST, MIDDLE, LAST.
const [full, lastType] = [1, 4];

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

/** The end of the record at this offset; undefined where there is no whole and sound one. */
function endOfRecord(log: Buffer, offset: number): number | undefined {
  const left = blockSize - (offset % blockSize);
  if (left < headerSize || log.length - offset < headerSize) return undefined;
  const length = log.readUInt16LE(offset + 4);
  const type = log.readUInt8(offset + 6);
  const end = offset + headerSize + length;
  if (type < full || type > lastType || headerSize + length > left || end > log.length) return undefined;
  return unmasked(log.readUInt32LE(offset)) === crc32c(log.subarray(offset + 6, end)) ? end : undefined;
}

/**
 * A write that never ended was never told as durable: cut off, or filled up with zeros by the file system, and nothing
 * behind it.
 */
function isTornEnd(log: Buffer, offset: number): boolean {
  const end = offset + headerSize + (log.length - offset < headerSize ? 0 : log.readUInt16LE(offset + 4));
  if (end <= log.length && log[log.length - 1] !== 0) return false;
  for (let later = offset + 1; later < log.length; later += 1) if (endOfRecord(log, later) !== undefined) return false;
  return true;
}

/** Where a log is damaged other than by a write that never ended; undefined where it isn't. */
export function damageInLog(log: Buffer): number | undefined {
  let offset = 0;
  while (offset < log.length) {
    const left = blockSize - (offset % blockSize);
    if (left < headerSize) {
      offset += left;
      continue;
    }
    const end = endOfRecord(log, offset);
    if (end === undefined) return isZero(log.subarray(offset)) || isTornEnd(log, offset) ? undefined : offset;
    offset = end;
  }
  return undefined;
}

/** A varint, and where it ends. */
function readVarint(bytes: Buffer, at: number): [value: number, end: number] {
  let value = 0;
  for (let index = at, unit = 1; index < bytes.length; index += 1, unit *= 128) {
    const byte = bytes.readUInt8(index);
    value += (byte & 127) * unit;
    if (byte < 128) return [value, index + 1];
  }
  throw new RangeError('an unfinished varint');
}

/** The payloads of a log, put together from their fragments. */
function* payloads(log: Buffer): Generator<Buffer> {
  let fragments: Buffer[] = [];
  for (let offset = 0; offset < log.length; ) {
    const end = endOfRecord(log, offset);
    if (end === undefined) {
      // The rest of a block, or a torn end.
      offset += blockSize - (offset % blockSize);
      continue;
    }
    const type = log.readUInt8(offset + 6);
    fragments.push(log.subarray(offset + headerSize, end));
    if (type === full || type === lastType) {
      yield Buffer.concat(fragments);
      fragments = [];
    }
    offset = end;
  }
}

// What stands behind each tag of a version edit (leveldb/db/version_edit.cc): n a number, s a string.
const editFields: Readonly<Record<number, string>> = {
  1: 's',
  2: 'n',
  3: 'n',
  4: 'n',
  5: 'ns',
  6: 'nn',
  7: 'nnnss',
  9: 'n',
};
const [logNumberTag, deletedFileTag, newFileTag] = [2, 6, 7];

/** Which files the database lives in. */
function readManifest(manifest: Buffer): { log: number; tables: Set<number> } {
  const live = { log: 0, tables: new Set<number>() };
  for (const edit of payloads(manifest))
    for (let at = 0; at < edit.length; ) {
      const [tag, afterTag] = readVarint(edit, at);
      const fields = editFields[tag];
      if (fields === undefined) throw new RangeError(`an unknown tag ${tag}`);
      const numbers: number[] = [];
      at = afterTag;
      for (const field of fields) {
        const [number, end] = readVarint(edit, at);
        numbers.push(number);
        at = field === 's' ? end + number : end;
      }
      const [first = 0, second = 0] = numbers;
      if (tag === logNumberTag) live.log = first;
      if (tag === deletedFileTag) live.tables.delete(second);
      if (tag === newFileTag) live.tables.add(second);
    }
  return live;
}

interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

const trailerSize = 5;
const footerSize = 48;
const magic = Buffer.from('57fb808b247547db', 'hex');

function readHandle(bytes: Buffer, at: number): [handle: BlockHandle, end: number] {
  const [offset, middle] = readVarint(bytes, at);
  const [size, end] = readVarint(bytes, middle);
  return [{ offset, size }, end];
}

const isSoundBlock = (table: Buffer, { offset, size }: BlockHandle): boolean =>
  offset + size + trailerSize <= table.length &&
  unmasked(table.readUInt32LE(offset + size + 1)) === crc32c(table.subarray(offset, offset + size + 1));

/** The handles in an index block: entries of prefix-compressed keys, whose values they are. */
function* blocksOf(index: Buffer): Generator<BlockHandle> {
  const restarts = index.readUInt32LE(index.length - 4);
  const entriesEnd = index.length - 4 * (restarts + 1);
  for (let at = 0; at < entriesEnd; ) {
    const [, afterShared] = readVarint(index, at);
    const [unshared, afterUnshared] = readVarint(index, afterShared);
    const [valueSize, afterSizes] = readVarint(index, afterUnshared);
    yield readHandle(index, afterSizes + unshared)[0];
    at = afterSizes + unshared + valueSize;
  }
}

/** Whether each block of a table has the checksum that it was written with. The tables must not be compressed. */
export function isSoundTable(table: Buffer): boolean {
  if (table.length < footerSize || !table.subarray(-magic.length).equals(magic)) return false;
  const footer = table.subarray(-footerSize);
  try {
    const [metaindex, end] = readHandle(footer, 0);
    const [index] = readHandle(footer, end);
    if (!isSoundBlock(table, metaindex) || !isSoundBlock(table, index)) return false;
    const blocks = [...blocksOf(table.subarray(index.offset, index.offset + index.size))];
    return blocks.every((block) => isSoundBlock(table, block));
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const numberOf = (name: string): number => Number.parseInt(name, 10);

async function damageIn(directory: string): Promise<string | undefined> {
  const names = await readdir(directory);
  const [logs, tables] = [names.filter((name) => name.endsWith('.log')), names.filter((name) => name.endsWith('.ldb'))];
  // Without it LevelDB would begin anew, and delete them.
  if (!names.includes('CURRENT')) return logs.length + tables.length > 0 ? 'CURRENT is missing' : undefined;
  const current = (await readFile(join(directory, 'CURRENT'), 'latin1')).trim();
  if (!names.includes(current)) return 'CURRENT names no manifest';
  const manifest = await readFile(join(directory, current));
  if (damageInLog(manifest) !== undefined) return current;
  let live: ReturnType<typeof readManifest>;
  try {
    live = readManifest(manifest);
  } catch (error) {
    if (error instanceof RangeError) return current;
    throw error;
  }
  if (live.log > 0 && !logs.some((name) => numberOf(name) === live.log)) return 'its log is missing';
  for (const name of logs.filter((each) => numberOf(each) >= live.log)) {
    const offset = damageInLog(await readFile(join(directory, name)));
    if (offset !== undefined) return `${name} at byte ${offset}`;
  }
  // Others may be left of a compaction that never ended. LevelDB itself misses those that are gone.
  for (const name of tables.filter((each) => live.tables.has(numberOf(each))))
    if (!isSoundTable(await readFile(join(directory, name)))) return name;
  return undefined;
}

/**
 * @throws JournalError where LevelDB's files in the folder are damaged. Changes nothing.
 * The folder may be another process's, in the middle of its work: what it was writing is looked at again.
 */
export async function checkLevelFiles(directory: string): Promise<void> {
  const damage = (await damageIn(directory)) && (await damageIn(directory));
  if (damage !== undefined)
    throw new JournalError(
      `The journal in ${directory} is damaged: ${damage}. Nothing was changed. Keep a copy of the folder, and compare the payments of its last days with the gateway's bill before starting with a new one`,
    );
}
