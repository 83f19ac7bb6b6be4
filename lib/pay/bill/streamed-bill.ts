import { ClosedError } from '../../errors.js';
import { BillError, PayTransportError } from '../errors.js';
import type { Bill, BillRow } from './bill.js';
import { type Format, tradeBill } from './columns.js';
import { BillReader } from './reader.js';
import { textOf } from './text.js';

/** Where a bill comes from. */
export interface BillSource {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** The header of that name, of an answer that has one. */
  readonly digest?: string | undefined;
  /** Ends at once what waits for more bytes. */
  close?(): void;
  /** What an answer means that is a message in XML or HTML. */
  refusal?(text: string): BillError;
}

/** Characters. What is not a bill is read so far, to say what it is. */
const longestRefusal = 64 * 1024;

const closed = (): ClosedError => new ClosedError('The bill');

/** A connection that breaks leaves a part of a bill; silence and an abort say nothing of it. */
function told(error: unknown): unknown {
  if (!(error instanceof PayTransportError) || error.why !== 'broken') return error;
  return new BillError('ERR_BILL', `The bill was cut off: ${error.message}`, { cause: error });
}

/** Reads a bill while it comes. */
class StreamedBill implements Bill {
  readonly rows: AsyncIterable<BillRow> = { [Symbol.asyncIterator]: () => this.#iterate() };
  readonly #source: BillSource;
  readonly #texts: AsyncGenerator<string>;
  readonly #reader: BillReader;
  /** What came with the header. */
  readonly #first: string;
  readonly #summary: Promise<Record<string, number>>;
  #settle: { resolve(summary: Record<string, number>): void; reject(error: unknown): void } | undefined;
  #hasBegun = false;
  #isClosed = false;

  constructor(source: BillSource, texts: AsyncGenerator<string>, reader: BillReader, first: string) {
    this.#source = source;
    this.#texts = texts;
    this.#reader = reader;
    this.#first = first;
    this.#summary = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever reads the rows hears of it as well.
    this.#summary.catch(() => {});
  }

  async summary(): Promise<Record<string, number>> {
    if (!this.#hasBegun) for await (const _row of this.rows);
    return this.#summary;
  }

  close(): void {
    if (this.#settle === undefined) return;
    this.#isClosed = true;
    this.#giveUp(closed());
  }

  #iterate(): AsyncGenerator<BillRow> {
    if (this.#hasBegun)
      throw new BillError('ERR_BILL', 'The rows of a bill come once, and somebody has asked for them');
    this.#hasBegun = true;
    return this.#read();
  }

  async *#read(): AsyncGenerator<BillRow> {
    try {
      for (let text = this.#first; ; ) {
        for (const row of this.#reader.read(text)) {
          if (this.#isClosed) throw closed();
          yield row;
        }
        const { done, value } = await this.#texts.next();
        if (done) break;
        text = value;
      }
      if (this.#isClosed) throw closed();
      this.#settle?.resolve(this.#reader.end());
      this.#settle = undefined;
    } catch (error) {
      const reason = this.#isClosed ? closed() : told(error);
      this.#giveUp(reason);
      throw reason;
    } finally {
      // Whoever leaves in the middle.
      this.close();
      await this.#texts.return(undefined);
    }
  }

  /** Of the sums somebody has heard then. */
  #giveUp(reason: unknown): void {
    this.#settle?.reject(reason);
    this.#settle = undefined;
    giveUp(this.#source, this.#texts);
  }
}

/** At once: who waits for bytes would keep the generator from its end. */
function giveUp(source: BillSource, texts: AsyncGenerator<string>): void {
  source.close?.();
  texts.return(undefined).catch(() => {});
}

/** The text until there is enough of it, or no more. */
async function gather(
  texts: AsyncGenerator<string>,
  begun: string,
  isEnough: (text: string) => boolean,
): Promise<string> {
  let text = begun;
  while (!isEnough(text) && text.length < longestRefusal) {
    const { done, value } = await texts.next();
    if (done) break;
    text += value;
  }
  return text;
}

/**
 * Begins to read a bill: until its header has come.
 * @throws BillError for what is none, and whatever the bytes throw.
 */
export async function openBill(source: BillSource, format: Format): Promise<Bill> {
  const texts = textOf(source.bytes, source.digest);
  try {
    const begun = await gather(texts, '', (text) => /\S/.test(text));
    if (begun.trim() === '') throw new BillError('ERR_BILL', 'This is no bill: it is empty');
    if (/^\s*</.test(begun)) throw refusalOf(source, await gather(texts, begun, () => false));
    const text = await gather(texts, begun, (more) => more.includes('\n'));
    const [header = ''] = text.split('\n', 1);
    const reader = new BillReader(header, format);
    return new StreamedBill(source, texts, reader, text.slice(header.length + 1));
  } catch (error) {
    giveUp(source, texts);
    throw told(error);
  }
}

const refusalOf = (source: BillSource, text: string): BillError =>
  source.refusal?.(text) ?? new BillError('ERR_BILL', 'This is no bill, but XML or HTML');

/** A bill that was kept, packed or not. */
export const readBill = (bytes: AsyncIterable<Uint8Array>): Promise<Bill> => openBill({ bytes }, tradeBill);
