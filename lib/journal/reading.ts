import { join } from 'node:path';
import type { Files, OpenFile } from './files.js';
import { headLength, linesOfHead } from './head.js';
import type { RecordIndex } from './index-of-records.js';
import { type Line, soundLines } from './line.js';
import { LogScan, type Tip } from './log.js';
import { numbersIn } from './stored-record.js';

/** The files of a journal in its folder. */
export const fileNames = { log: 'journal.log', head: 'journal.head', next: 'journal.new' } as const;

/** What a folder holds. */
export type Found =
  | { readonly is: 'nothing' }
  | { readonly is: 'journal'; readonly journal: ReadJournal }
  | { readonly is: 'damaged'; readonly damage: Damage };

/** A journal as it was read. */
export interface ReadJournal {
  readonly index: RecordIndex;
  readonly id: string;
  readonly layout: string;
  readonly tip: Tip;
  /** Where the next line goes. */
  readonly end: number;
  /** Where the last line is, or is to be if only the head has it whole; undefined if it went into the first part. */
  readonly lastLineAt: number | undefined;
}

/** Why a journal is not as it was written. */
export interface Damage {
  readonly reason: string;
  /** Numbers of sales and refunds that are concerned, as far as they can be read. */
  readonly numbers: readonly string[];
  /** The last write that was surely durable; 0 if that can't be known. */
  readonly durable: number;
}

/** More than the longest line has. */
const pieceSize = 4 * 2 ** 20;

async function readAll(file: OpenFile, from: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let at = from; ; at += pieceSize) {
    const piece = await file.read(at, pieceSize);
    pieces.push(piece);
    if (piece.length < pieceSize) return Buffer.concat(pieces);
  }
}

async function scanLog(file: OpenFile, watch: number): Promise<{ scan: LogScan; tail: Buffer }> {
  const scan = new LogScan(watch);
  for (;;) {
    const from = scan.end;
    const piece = await file.read(from, pieceSize);
    const goesOn = scan.take(piece);
    // What is written while it is read is not looked at.
    if (piece.length < pieceSize) return { scan, tail: piece.subarray(scan.end - from) };
    if (!goesOn) return { scan, tail: await readAll(file, scan.end) };
  }
}

/**
 * Whether log and head belong together.
 * @param before The head's lines when the log was read, the newest first; `after`: when it had been read.
 */
function judge(before: readonly Line[], scan: LogScan, tail: Buffer, after: readonly Line[]): Found {
  const { tip, base, end, index, id, layout, lines } = scan;
  const [newest] = before;
  const [head, lastHead] = [newest?.sequence ?? 0, after[0]?.sequence ?? 0];
  const damaged = (reason: string, last: readonly Buffer[] = []): Found => {
    const about = [tail, ...before.map(({ bytes }) => bytes), ...last];
    const numbers = [...new Set(about.flatMap(numbersIn))];
    // The write before the head's last one was ended, else that one would not have begun.
    const durable = Math.max(head - 1, tip.sequence - 1, 0);
    return { is: 'damaged', damage: { reason, numbers, durable } };
  };
  if (base === undefined || soundLines(tail).next().done === false)
    return damaged(`line ${lines + 1} of its log, at byte ${end}, is not as it was written`);
  if (head > tip.sequence + 1) return damaged(`the last ${head - tip.sequence} writes are missing in its log`);
  if (newest !== undefined && head === tip.sequence + 1) {
    if (newest.chain !== tip.digest) return damaged('its head does not belong to its log');
    index.apply(newest, end, 'all');
    const journal = { index, id, layout, tip: newest, end: end + newest.bytes.length, lastLineAt: end };
    return { is: 'journal', journal };
  }
  if (lastHead < tip.sequence - 1 || lastHead < base.sequence)
    return damaged('its head is older than its log, or not readable', tip.bytes ? [tip.bytes] : []);
  const inLog = head === tip.sequence ? tip.digest : head === tip.sequence - 1 ? tip.chain : scan.watched;
  if (newest !== undefined && head >= base.sequence && newest.digest !== inLog)
    return damaged('its head does not belong to its log');
  const bytes = tip.bytes ?? newest?.bytes;
  // A copy, since the piece that it was read in would be kept with it.
  const known: Tip = { ...tip, ...(bytes !== undefined && { bytes: Buffer.from(bytes) }) };
  const lastLineAt = tip.bytes === undefined ? undefined : end - tip.bytes.length;
  return { is: 'journal', journal: { index, id, layout, tip: known, end, lastLineAt } };
}

function missing(reason: string, lines: readonly Line[]): Found {
  const numbers = [...new Set(lines.flatMap(({ bytes }) => numbersIn(bytes)))];
  const durable = Math.max((lines[0]?.sequence ?? 0) - 1, 0);
  return { is: 'damaged', damage: { reason, numbers, durable } };
}

/**
 * Reads the journal in a folder. Changes nothing.
 * @throws JournalError if another version of this package wrote it.
 */
export async function readJournal(files: Files, folder: string): Promise<Found> {
  const head = await files.open(join(folder, fileNames.head), 'read');
  try {
    const log = await files.open(join(folder, fileNames.log), 'read');
    try {
      const lines = async () => (head === undefined ? [] : linesOfHead(await head.read(0, headLength)));
      const before = await lines();
      if (log === undefined) {
        if (head === undefined || (await head.read(0, 1)).length === 0) return { is: 'nothing' };
        return missing('its log is missing', before);
      }
      const { scan, tail } = await scanLog(log, before[0]?.sequence ?? 0);
      if (head === undefined) return missing('its head is missing', []);
      return judge(before, scan, tail, await lines());
    } finally {
      await log?.close();
    }
  } finally {
    await head?.close();
  }
}

/** The lines that are as they were written, whatever is between them: of the log, then of the head. Changes nothing. */
export async function readSoundLines(files: Files, folder: string): Promise<Line[]> {
  const lines: Line[] = [];
  for (const name of [fileNames.log, fileNames.head]) {
    const file = await files.open(join(folder, name), 'read');
    if (file === undefined) continue;
    try {
      lines.push(
        ...(name === fileNames.log ? soundLines(await readAll(file, 0)) : linesOfHead(await readAll(file, 0))),
      );
    } finally {
      await file.close();
    }
  }
  return lines;
}

/** The digest of a write in a folder's log; undefined if the log no longer knows it. */
export async function digestAt(files: Files, folder: string, sequence: number): Promise<string | undefined> {
  const log = await files.open(join(folder, fileNames.log), 'read');
  if (log === undefined) return undefined;
  try {
    return (await scanLog(log, sequence)).scan.watched;
  } finally {
    await log.close();
  }
}
