import { crc32c, digestOf } from './checksum.js';

/*
 * A line of the log: "checksum sequence chain JSON", ended by a line feed.
 *   checksum  CRC-32C over all between it and the line feed, 8 hexadecimal digits
 *   sequence  1 for the first durable write, one more with each; 0 before them
 *   chain     digest of the line before
 */

/** The most bytes that records written together have; so a line fits into its place in the head. */
export const maximumPayload = 1_000_000;

/** The chain of a line that has none before it. */
export const noDigest = '0'.repeat(32);

const lineFeed = 10;

/** A line that is as it was written. */
export interface Line {
  readonly sequence: number;
  readonly chain: string;
  readonly digest: string;
  /** The whole of it, with its line feed. */
  readonly bytes: Buffer;
  /** Where its JSON begins in `bytes`; it ends before the line feed. */
  readonly from: number;
}

/** What stands behind a line's chain. It is put together in the line's own bytes. */
export interface Json {
  /** In bytes. */
  readonly length: number;
  writeTo(bytes: Buffer, at: number): void;
}

/** A new one. Its digest is made when it's asked for: the line can be on its way to the disk by then. */
class NewLine implements Line {
  readonly sequence: number;
  readonly chain: string;
  readonly bytes: Buffer;
  readonly from: number;
  #digest: string | undefined;

  constructor(sequence: number, chain: string, bytes: Buffer, from: number) {
    this.sequence = sequence;
    this.chain = chain;
    this.bytes = bytes;
    this.from = from;
  }

  get digest(): string {
    this.#digest ??= digestOf(this.bytes);
    return this.#digest;
  }
}

const hexadecimal = (checksum: number): string => checksum.toString(16).padStart(8, '0');

export function makeLine(sequence: number, chain: string, json: Json): Line {
  const head = `${'0'.repeat(8)} ${sequence} ${chain} `;
  const from = head.length;
  const bytes = Buffer.allocUnsafe(from + json.length + 1);
  bytes.write(head, 'latin1');
  json.writeTo(bytes, from);
  bytes[bytes.length - 1] = lineFeed;
  bytes.write(hexadecimal(crc32c(bytes.subarray(9, -1))), 'latin1');
  return new NewLine(sequence, chain, bytes, from);
}

const heading = /^[0-9a-f]{8} (0|[1-9]\d{0,15}) ([0-9a-f]{32}) $/;

/** @param bytes With the line feed. @returns undefined if it is not what was written. */
export function readLine(bytes: Buffer): Line | undefined {
  // The sequence's end, then the chain's.
  const from = bytes.indexOf(' ', bytes.indexOf(' ', 9) + 1) + 1;
  if (from < 1 || from > 60 || bytes[bytes.length - 1] !== lineFeed) return undefined;
  const [, sequence, chain] = heading.exec(bytes.toString('latin1', 0, from)) ?? [];
  if (sequence === undefined || chain === undefined) return undefined;
  if (bytes.toString('latin1', 0, 8) !== hexadecimal(crc32c(bytes.subarray(9, -1)))) return undefined;
  return { sequence: Number(sequence), chain, digest: digestOf(bytes), bytes, from };
}

/** The end of the line that begins at `at`; undefined if it has none. */
export function endOfLine(bytes: Buffer, at: number): number | undefined {
  const end = bytes.indexOf(lineFeed, at);
  return end === -1 ? undefined : end + 1;
}

/** The sound lines among damaged bytes. */
export function* soundLines(bytes: Buffer): Generator<Line> {
  for (let at = 0; ; ) {
    const end = endOfLine(bytes, at);
    if (end === undefined) return;
    const line = readLine(bytes.subarray(at, end));
    if (line !== undefined) yield line;
    at = end;
  }
}
