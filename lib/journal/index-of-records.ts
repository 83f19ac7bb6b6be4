import { ByName } from './by-name.js';
import type { JournalRecord, RecordName } from './journal.js';
import type { Line } from './line.js';
import { hearRecords } from './stored-record.js';

/** What is known of a record without reading it. A later write makes a new one. */
export class Entry {
  readonly kind: JournalRecord['kind'];
  readonly id: string;
  readonly finished: boolean;
  readonly acknowledged: boolean;
  readonly revision: number;
  readonly updatedAt: number;
  /** Of the line that it stands in, in the log. */
  lineAt: number;
  lineLength: number;
  /** From the line's start. */
  from: number;
  readonly length: number;
  /** The record itself, while it isn't finished. */
  readonly text: string | undefined;

  constructor(
    kind: JournalRecord['kind'],
    id: string,
    revision: number,
    finished: boolean,
    acknowledged: boolean,
    updatedAt: number,
    place: { readonly lineAt: number; readonly lineLength: number; readonly from: number },
    length: number,
    text: string | undefined,
  ) {
    this.kind = kind;
    this.id = id;
    this.revision = revision;
    this.finished = finished;
    this.acknowledged = acknowledged;
    this.updatedAt = updatedAt;
    this.lineAt = place.lineAt;
    this.lineLength = place.lineLength;
    this.from = place.from;
    this.length = length;
    this.text = text;
  }

  moveTo(lineAt: number, lineLength: number, from: number): void {
    this.lineAt = lineAt;
    this.lineLength = lineLength;
    this.from = from;
  }
}

/** Which records there are, and where. */
export class RecordIndex {
  readonly #entries = new ByName<Entry>();
  /** Bytes of the records that count; the rest of the log is of the past. */
  liveBytes = 0;

  get(record: RecordName): Entry | undefined {
    return this.#entries.get(record);
  }

  /** In the order of their places in the log. */
  inOrder(isWanted: (entry: Entry) => boolean): Entry[] {
    const wanted: Entry[] = [];
    for (const entry of this.#entries.values()) if (isWanted(entry)) wanted.push(entry);
    return wanted.sort((one, other) => one.lineAt - other.lineAt || one.from - other.from);
  }

  all(): Iterable<Entry> {
    return this.#entries.values();
  }

  /** @param keeps 'all' if the line isn't in the log yet. */
  apply(line: Line, lineAt: number, keeps: 'unfinished' | 'all' = 'unfinished'): void {
    const lineLength = line.bytes.length;
    hearRecords(line, (kind, id, revision, finished, acknowledged, updatedAt, from, length) => {
      const isKept = !finished || keeps === 'all';
      const text = isKept ? line.bytes.toString('utf8', from, from + length) : undefined;
      const place = { lineAt, lineLength, from };
      this.add(new Entry(kind, id, revision, finished, acknowledged, updatedAt, place, length, text));
    });
  }

  add(entry: Entry): void {
    this.liveBytes += entry.length - (this.#entries.get(entry)?.length ?? 0);
    this.#entries.set(entry, entry);
  }

  /** Does nothing if the record was written again since. */
  forget(entry: Entry): boolean {
    if (this.#entries.get(entry) !== entry) return false;
    this.liveBytes -= entry.length;
    return this.#entries.delete(entry);
  }
}
