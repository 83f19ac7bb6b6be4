import type { Entry, RecordIndex } from './index-of-records.js';
import { type Line, maximumPayload } from './line.js';
import { Together } from './stored-record.js';

/** Records that are written together, in one line: all of them are stored, or none. */
export class Batch {
  readonly json = new Together();
  /** One promise for all of them: a thousand at once would cost more than their text does. */
  readonly done: Promise<void>;
  resolve: () => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;
  readonly #entries = new Map<string, Entry>();

  constructor() {
    this.done = new Promise((resolve, reject) => {
      [this.resolve, this.reject] = [resolve, reject];
    });
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  hasRoomFor({ length }: Entry): boolean {
    return this.json.lengthWith(length) <= maximumPayload;
  }

  /** @param key Not one that it has already. */
  add(key: string, entry: Entry, text: string): void {
    this.#entries.set(key, entry);
    this.json.add(text, entry.length);
  }

  /** @param line What it was written as. */
  addTo(index: RecordIndex, line: Line, lineAt: number): void {
    let position = 0;
    for (const [key, entry] of this.#entries) {
      entry.moveTo(lineAt, line.bytes.length, line.from + (this.json.offsets[position] ?? 0));
      index.add(entry, key);
      position += 1;
    }
  }
}
