import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { JournalError } from '../../lib/journal/errors.js';
import { FileJournal } from '../../lib/journal/file-journal.js';
import type { Files, OpenFile } from '../../lib/journal/files.js';
import type { JournalRecord } from '../../lib/journal/journal.js';
import { record } from '../../lib/journal/sample-record.js';
import { all, folder, open, removeFolders } from '../support/journals.js';
import { rejection } from '../support/rejection.js';

type Bytes = Readonly<Record<string, Buffer>>;

/** The files of one folder, in memory, by their names: thousands of journals are opened here. */
class Memory implements Files {
  readonly files = new Map<string, Buffer>();

  constructor(bytes: Bytes) {
    for (const [name, content] of Object.entries(bytes)) this.files.set(name, content);
  }

  bytes(): Bytes {
    return Object.fromEntries(this.files);
  }

  async makeFolder(): Promise<void> {}
  async syncFolder(): Promise<void> {}

  open(path: string, how: 'new'): Promise<OpenFile>;
  open(path: string, how: 'read' | 'write'): Promise<OpenFile | undefined>;
  async open(path: string, how: 'read' | 'write' | 'new'): Promise<OpenFile | undefined> {
    const name = basename(path);
    if (how === 'new') this.files.set(name, Buffer.alloc(0));
    if (!this.files.has(name)) return undefined;
    const get = () => this.files.get(name) ?? Buffer.alloc(0);
    return {
      read: async (at, length) => get().subarray(at, at + length),
      write: async (bytes, at) => {
        const grown = Buffer.alloc(Math.max(get().length, at + bytes.length));
        get().copy(grown);
        grown.set(bytes, at);
        this.files.set(name, grown);
      },
      truncate: async (length) => void this.files.set(name, get().subarray(0, length)),
      sync: async () => undefined,
      close: async () => undefined,
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.files.set(basename(to), this.files.get(basename(from)) ?? Buffer.alloc(0));
    this.files.delete(basename(from));
  }

  async remove(path: string): Promise<void> {
    this.files.delete(basename(path));
  }

  async lock(path: string): Promise<{ release(): void }> {
    if (!this.files.has(basename(path))) this.files.set(basename(path), Buffer.alloc(0));
    return { release: () => undefined };
  }
}

const place = 2 ** 20;
/** The head without the room between its two lines, which has nothing to damage. */
const packed = (head: Buffer): Buffer => Buffer.concat([head.subarray(0, 400), head.subarray(place, place + 400)]);
function unpacked(head: Buffer): Buffer {
  const whole = Buffer.alloc(place + 400);
  head.copy(whole, 0, 0, 400);
  if (head.length > 400) head.copy(whole, place, 400);
  return whole;
}

const isLong = process.env.WXPAY_FACE_TEST_LONG === '1';

const writes = 40;

/** A journal of 40 writes, and what it held and its files were after each. */
async function history(): Promise<Array<{ records: JournalRecord[]; bytes: Bytes }>> {
  const disk = new Memory({});
  const journal = await FileJournal.open('/', { keep: Number.POSITIVE_INFINITY }, { files: disk });
  const moments = [{ records: await all(journal), bytes: disk.bytes() }];
  for (let index = 0; index < writes; index += 1) {
    const [id, revision] = [`N${index % 10}`, 1 + Math.floor(index / 10)];
    const next = record(id, { revision, finished: revision > 2, data: { note: '付'.repeat(1 + (index % 7)) } });
    await (revision === 1 ? journal.create(next) : journal.put(next));
    moments.push({ records: await all(journal), bytes: disk.bytes() });
  }
  await journal.close();
  return moments;
}

describe('FileJournal after its files were damaged', function () {
  this.timeout(300_000);
  after(removeFolders);

  let moments: Awaited<ReturnType<typeof history>>;
  let log: Buffer;
  let head: Buffer;
  let soundHead: Buffer;
  let whole: string;
  before(async () => {
    moments = await history();
    const last = moments.at(-1);
    log = last?.bytes['journal.log'] ?? Buffer.alloc(0);
    head = packed(last?.bytes['journal.head'] ?? Buffer.alloc(0));
    soundHead = unpacked(head);
    whole = JSON.stringify(last?.records);
  });

  /**
   * Opens each of the damaged journals: how many refused, and how many were whole all the same. Never a third: what was
   * told durable is not there, and nobody says so.
   */
  async function count(cases: Iterable<Bytes>): Promise<{ refused: number; whole: number }> {
    const counts = { refused: 0, whole: 0 };
    for (const bytes of cases) {
      const disk = new Memory(bytes);
      try {
        const journal = await FileJournal.open('/', { keep: Number.POSITIVE_INFINITY }, { files: disk });
        expect(JSON.stringify(await all(journal))).to.equal(whole);
        // And it goes on.
        if (counts.whole % 50 === 0) await journal.create(record('next'));
        await journal.close();
        counts.whole += 1;
      } catch (error) {
        if (!(error instanceof JournalError)) throw error;
        expect(error.code).to.equal('ERR_JOURNAL_DAMAGED');
        counts.refused += 1;
      }
    }
    return counts;
  }

  const files = (changed: { log?: Buffer; head?: Buffer }): Bytes => ({
    'journal.log': changed.log ?? log,
    'journal.head': changed.head === undefined ? soundHead : unpacked(changed.head),
  });

  const flipped = (bytes: Buffer, bit: number): Buffer => {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    return changed;
  };

  /** Each bit takes a minute; in the short tests each byte loses one. */
  const bitsOf = (byte: number): number[] =>
    isLong ? [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => 8 * byte + bit) : [8 * byte + ((byte * 5 + 3) & 7)];
  const perByte = isLong ? 8 : 1;

  const lines = (): Buffer[] => {
    const found: Buffer[] = [];
    for (let at = 0; at < log.length; ) {
      const end = log.indexOf(10, at) + 1;
      found.push(log.subarray(at, end));
      at = end;
    }
    return found;
  };

  it('finds every flipped bit of its log, but in the last line, which the head has', async () => {
    const last = lines().at(-1)?.length ?? 0;
    function* cases() {
      for (let byte = 0; byte < log.length; byte += 1)
        for (const bit of bitsOf(byte)) yield files({ log: flipped(log, bit) });
    }
    expect(await count(cases())).to.deep.equal({ refused: perByte * (log.length - last), whole: perByte * last });
  });

  it('needs no bit of the head, as long as the log is whole', async () => {
    function* cases() {
      for (let byte = 0; byte < head.length; byte += 1)
        for (const bit of bitsOf(byte)) yield files({ head: flipped(head, bit) });
    }
    expect(await count(cases())).to.deep.equal({ refused: 0, whole: perByte * head.length });
  });

  it('finds every log that was cut short, but in the last line, which the head has', async () => {
    const last = lines().at(-1)?.length ?? 0;
    function* cases() {
      for (let length = 0; length < log.length; length += 1) yield files({ log: log.subarray(0, length) });
    }
    expect(await count(cases())).to.deep.equal({ refused: log.length - last, whole: last });
  });

  it('finds every log whose end is full of NULs, but in the last line, which the head has', async () => {
    const last = lines().at(-1)?.length ?? 0;
    function* cases() {
      for (let length = 0; length < log.length; length += 1)
        for (const more of [0, 4_096])
          yield files({ log: Buffer.concat([log.subarray(0, length), Buffer.alloc(log.length - length + more)]) });
    }
    expect(await count(cases())).to.deep.equal({ refused: 2 * (log.length - last), whole: 2 * last });
  });

  it('finds a head that was cut short or is full of NULs, unless one of its lines is left', async () => {
    // Of the two lines the older is in the second place: its loss does no harm; that of both does.
    function* cases() {
      for (let length = 0; length < head.length; length += 1) yield files({ head: head.subarray(0, length) });
    }
    const first = head.indexOf(10) + 1;
    expect(await count(cases())).to.deep.equal({ refused: first, whole: head.length - first });
  });

  it('finds every pair of swapped lines', async () => {
    const all = lines();
    function* cases() {
      for (let one = 0; one < all.length; one += 1)
        for (let other = one + 1; other < all.length; other += 1) {
          const swapped = [...all];
          [swapped[one], swapped[other]] = [swapped[other] ?? log, swapped[one] ?? log];
          yield files({ log: Buffer.concat(swapped) });
        }
    }
    expect(await count(cases())).to.deep.equal({ refused: (all.length * (all.length - 1)) / 2, whole: 0 });
  });

  it('finds every line that is missing, and every one that is there twice', async () => {
    const all = lines();
    function* cases() {
      for (let at = 0; at < all.length - 1; at += 1) {
        yield files({ log: Buffer.concat([...all.slice(0, at), ...all.slice(at + 1)]) });
        yield files({ log: Buffer.concat([...all.slice(0, at + 1), ...all.slice(at)]) });
      }
    }
    expect(await count(cases())).to.deep.equal({ refused: 2 * (all.length - 1), whole: 0 });
  });

  it('finds every older copy of one of its files, but the last but one, which lacks nothing', async () => {
    const older = moments.slice(0, -1);
    const at = (moment: { bytes: Bytes }, name: string) => moment.bytes[name] ?? Buffer.alloc(0);
    const logs = older.map((moment) => files({ log: at(moment, 'journal.log') }));
    const heads = older.map((moment) => ({ 'journal.log': log, 'journal.head': at(moment, 'journal.head') }));
    expect(await count(logs)).to.deep.equal({ refused: writes - 1, whole: 1 });
    expect(await count(heads)).to.deep.equal({ refused: writes - 1, whole: 1 });
  });

  it('finds the loss of either file, and of both says that there is none', async () => {
    const { 'journal.log': _, ...head } = files({});
    const { 'journal.head': __, ...log } = files({});
    expect(await count([head, log])).to.deep.equal({ refused: 2, whole: 0 });
    const readOnly = { keep: 0, readOnly: true };
    expect(await rejection(FileJournal.open('/', readOnly, { files: new Memory({}) }))).to.include({
      code: 'ERR_JOURNAL',
    });
  });

  it('finds both files from an older moment only by its mirror, or the bill', async () => {
    const moment = moments[20];
    const disk = new Memory(moment?.bytes ?? {});
    const journal = await FileJournal.open('/', { keep: Number.POSITIVE_INFINITY }, { files: disk });
    expect(await all(journal)).to.deep.equal(moment?.records);
    await journal.close();
  });

  it('cuts off in silence what a write that never ended has left, wherever it was torn', async () => {
    const [before, after] = moments.slice(-2);
    const [shorter, longer] = [before, after].map((moment) => moment?.bytes['journal.log'] ?? Buffer.alloc(0));
    if (shorter === undefined || longer === undefined) return expect.fail();
    whole = JSON.stringify(before?.records);
    const head = before?.bytes['journal.head'] ?? Buffer.alloc(0);
    function* cases(): Generator<Bytes> {
      for (let length = shorter?.length ?? 0; length < (longer?.length ?? 0); length += 1) {
        yield { 'journal.log': longer?.subarray(0, length) ?? log, 'journal.head': head };
        const filled = Buffer.concat([longer?.subarray(0, length) ?? log, Buffer.alloc(512)]);
        yield { 'journal.log': filled, 'journal.head': head };
      }
    }
    expect(await count(cases())).to.deep.equal({ refused: 0, whole: 2 * (longer.length - shorter.length) });
  });

  it('says which numbers are concerned, and changes nothing, so that the next start says so too', async () => {
    const directory = await folder();
    const journal = await open(directory);
    for (const id of ['A1', 'A2', 'A3', 'A4']) await journal.create(record(id));
    await journal.close();
    const path = join(directory, 'journal.log');
    const bytes = await readFile(path);
    bytes.write('X', bytes.indexOf('"A2"') + 30);
    await writeFile(path, bytes);
    for (let start = 0; start < 2; start += 1) {
      const error = await rejection(open(directory));
      expect(error).to.be.instanceOf(JournalError).and.include({ code: 'ERR_JOURNAL_DAMAGED' });
      expect(error)
        .to.have.property('message')
        .that.matches(/line 4 .*concerned: .*A2.*A3.*A4.*bill/);
      expect(error)
        .to.have.property('message')
        .that.does.not.match(/concerned:.*A1/);
    }
    expect(await readFile(path)).to.deep.equal(bytes);
  });

  it('ignores files that are not its own, and is no new journal where one of its own is', async () => {
    const directory = await folder();
    await writeFile(join(directory, 'notes.txt'), 'mine');
    await mkdir(join(directory, 'backup'));
    const journal = await open(directory);
    await journal.create(record('A'));
    await journal.create(record('B'));
    await journal.close();
    expect((await readdir(directory)).sort()).to.deep.equal(['backup', 'journal.head', 'journal.log', 'notes.txt']);
    await rm(join(directory, 'journal.log'));
    const error = await rejection(open(directory));
    expect(error).to.include({ code: 'ERR_JOURNAL_DAMAGED' });
    expect(error).to.have.property('message').that.includes('concerned: B, A');
  });
});
