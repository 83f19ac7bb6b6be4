import { ByName } from './by-name.js';
import type { Entry, RecordIndex } from './index-of-records.js';
import type { RecordName } from './journal.js';
import { type Line, maximumPayload } from './line.js';
import { Together } from './stored-record.js';

/** Records that are written together, in one line: all of them are stored, or none. */
export class Batch {
  readonly json = new Together();
  /** One promise for all of them: a thousand at once would cost more than their text does. */
  readonly done: Promise<void>;
  resolve: () => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;
  readonly #entries: Entry[] = [];
  readonly #names = new ByName<true>();

  constructor() {
    this.done = new Promise((resolve, reject) => {
      [this.resolve, this.reject] = [resolve, reject];
    });
  }

  has(record: RecordName): boolean {
    return this.#names.has(record);
  }

  hasRoomFor({ length }: Entry): boolean {
    return this.json.lengthWith(length) <= maximumPayload;
  }

  /** @param entry Of a record that it doesn't have. */
  add(entry: Entry, text: string): void {
    this.#entries.push(entry);
    this.#names.set(entry, true);
    this.json.add(text, entry.length);
  }

  /** @param line What it was written as. */
  addTo(index: RecordIndex, line: Line, lineAt: number): void {
    this.#entries.forEach((entry, position) => {
      entry.moveTo(lineAt, line.bytes.length, line.from + (this.json.offsets[position] ?? 0));
      index.add(entry);
    });
  }
}
