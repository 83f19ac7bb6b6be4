import type { OpenFile } from './files.js';
import type { Entry } from './index-of-records.js';
import type { Line } from './line.js';
import { makeLine } from './line.js';
import { baseEnd, firstLine, type Tip } from './log.js';
import { Together } from './stored-record.js';

/** Where a record stands in a log. */
export type Place = Pick<Entry, 'lineAt' | 'lineLength' | 'from'>;

/** The first part of a log. */
export interface Base {
  /** In the order of the records. */
  readonly places: readonly Place[];
  /** Where the lines of the writes begin. */
  readonly end: number;
}

/** Bytes of records in a line of the first part: a record is read with its whole line. */
const lineSize = 32_768;

/**
 * Writes the first part of a new log: the records as they stood after a write.
 * @param files The same is written to each.
 */
export async function writeBase<Of>(
  files: readonly OpenFile[],
  id: string,
  records: readonly Of[],
  textOf: (record: Of) => Promise<string>,
  tip: Tip,
): Promise<Base> {
  const places: Place[] = [];
  let end = 0;
  let last = firstLine(id);
  const write = async (line: Line) => {
    await Promise.all(files.map((file) => file.write(line.bytes, end)));
    end += line.bytes.length;
    last = line;
  };
  await write(last);
  let together = new Together();
  const writeRecords = async () => {
    if (together.offsets.length === 0) return;
    const line = makeLine(0, last.digest, together);
    for (const offset of together.offsets)
      places.push({ lineAt: end, lineLength: line.bytes.length, from: line.from + offset });
    await write(line);
    together = new Together();
  };
  for (const record of records) {
    const text = await textOf(record);
    together.add(text, Buffer.byteLength(text));
    if (together.length >= lineSize) await writeRecords();
  }
  await writeRecords();
  await write(baseEnd(last, tip));
  return { places, end };
}
