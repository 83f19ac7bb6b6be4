import { BillError } from '../errors.js';
import { preview } from '../mask.js';
import { readAmount, unitsOfFen } from './amount.js';
import type { BillRow } from './bill.js';
import { type Format, type RowField, withoutUnit } from './columns.js';
import { Sums } from './sums.js';

/** Characters. A header has some 250, a row at most 1000 by what the vendor allows for each value. */
const longestLine = 16 * 1024;
/** The vendor's widest bill has 29. */
const mostColumns = 128;

const damaged = (message: string): BillError => new BillError('ERR_BILL', message);

/** Where a row has what. */
interface Layout {
  readonly width: number;
  /** Index of the column of each field; -1 if the bill doesn't have it. */
  readonly at: Readonly<Record<RowField, number>>;
  /** The columns that no field takes. */
  readonly rest: ReadonlyArray<{ readonly name: string; readonly index: number }>;
}

interface Header {
  readonly layout: Layout;
  readonly sums: Sums;
}

/** @throws BillError for what is not a header of such a bill. */
function readHeader(line: string, format: Format): Header {
  const noBill = (reason: string) => damaged(`This is no bill: ${reason}; it begins ${preview(Buffer.from(line), [])}`);
  if (line.length > longestLine) throw noBill(`its first line has more than ${longestLine} characters`);
  const header = line.split(',').map((name) => name.trim());
  const names = header.map(withoutUnit);
  if (names.length > mostColumns) throw noBill(`it has more than ${mostColumns} columns`);
  if (new Set(names).size < names.length) throw noBill('two of its columns have one name');
  const find = (field: RowField): number => {
    const { columns, needed } = format.fields[field];
    const column = columns.find((name) => names.includes(name));
    if (column === undefined && needed) throw noBill(`it has no column ${columns.join(' or ')}`);
    return column === undefined ? -1 : names.indexOf(column);
  };
  const at: Record<RowField, number> = {
    time: find('time'),
    mch_id: find('mch_id'),
    sub_mch_id: find('sub_mch_id'),
    transaction_id: find('transaction_id'),
    out_trade_no: find('out_trade_no'),
    trade_type: find('trade_type'),
    trade_state: find('trade_state'),
    total_fee: find('total_fee'),
    settlement_total_fee: find('settlement_total_fee'),
    out_refund_no: find('out_refund_no'),
    refund_id: find('refund_id'),
    refund_fee: find('refund_fee'),
    refund_status: find('refund_status'),
  };
  const taken = new Set(Object.values(at));
  const rest = header.flatMap((name, index) => (taken.has(index) ? [] : [{ name, index }]));
  return { layout: { width: names.length, at, rest }, sums: new Sums(format, names) };
}

/** A value ends at comma and backtick: names of goods hold either. */
const cellsOf = (line: string): string[] => line.slice(1).split(',`');

/** What the column of a field says; '' if the bill doesn't have it. */
const text = (cells: readonly string[], index: number): string => (index < 0 ? '' : (cells[index] ?? ''));

/**
 * Reads the text of a bill after its header, piece by piece: rows as soon as they are whole, at the end its own sums. Nothing is kept of a row
 * but what it adds to them.
 */
export class BillReader {
  /** A line whose end has not come. */
  #begun = '';
  readonly #header: Header;
  #rows = 0;
  #sumNames: string | undefined;
  #summary: Record<string, number> | undefined;

  /**
   * @param header The first line.
   * @throws BillError for what is not a header of such a bill.
   */
  constructor(header: string, format: Format) {
    this.#header = readHeader(header, format);
  }

  /**
   * To be read to its end before the next piece.
   * @throws BillError, after the rows before it.
   */
  *read(piece: string): Generator<BillRow, void> {
    const lines = (this.#begun + piece).split('\n');
    this.#begun = lines.pop() ?? '';
    for (const line of lines) {
      const row = this.#line(line);
      if (row !== undefined) yield row;
    }
    if (this.#begun.length > longestLine) throw this.#tooLong();
  }

  /**
   * The text has ended: the bill's own sums, which its rows come to.
   * @throws BillError
   */
  end(): Record<string, number> {
    if (this.#begun !== '') this.#line(this.#begun);
    this.#begun = '';
    if (this.#summary === undefined) throw damaged(`The bill ends after ${this.#rows} rows without its sums`);
    return this.#summary;
  }

  #line(ended: string): BillRow | undefined {
    if (ended.length > longestLine) throw this.#tooLong();
    const line = ended.endsWith('\r') ? ended.slice(0, -1) : ended;
    if (this.#sumNames === undefined) {
      if (line.startsWith('`')) return this.#row(line, this.#header);
      if (!this.#header.sums.isHeader(line))
        throw damaged(
          `After row ${this.#rows} the bill has neither a row nor its sums: ${preview(Buffer.from(line), [])}`,
        );
      this.#sumNames = line;
    } else if (this.#summary === undefined) this.#summary = this.#header.sums.compare(this.#sumNames, line);
    else if (line.trim() !== '') throw damaged('The bill goes on behind its sums');
    return undefined;
  }

  #row(line: string, { layout, sums }: Header): BillRow {
    const cells = cellsOf(line);
    this.#rows += 1;
    if (cells.length !== layout.width)
      throw damaged(`Row ${this.#rows} of the bill has ${cells.length} values for ${layout.width} columns`);
    sums.add(cells, this.#rows);
    const { at } = layout;
    const columns: Record<string, string> = {};
    for (const { name, index } of layout.rest) columns[name] = text(cells, index);
    const row: BillRow = {
      time: text(cells, at.time),
      mch_id: text(cells, at.mch_id),
      sub_mch_id: text(cells, at.sub_mch_id),
      transaction_id: text(cells, at.transaction_id),
      out_trade_no: text(cells, at.out_trade_no),
      trade_type: text(cells, at.trade_type),
      trade_state: text(cells, at.trade_state),
      total_fee: this.#fen(cells, at.total_fee),
      columns,
    };
    if (at.settlement_total_fee >= 0) row.settlement_total_fee = this.#fen(cells, at.settlement_total_fee);
    const refund_id = text(cells, at.refund_id);
    // A payment has 0 or nothing there.
    if (refund_id === '' || refund_id === '0') return row;
    row.out_refund_no = text(cells, at.out_refund_no);
    row.refund_id = refund_id;
    if (at.refund_fee >= 0) row.refund_fee = this.#fen(cells, at.refund_fee);
    row.refund_status = text(cells, at.refund_status);
    return row;
  }

  #fen(cells: readonly string[], index: number): number {
    const units = readAmount(text(cells, index));
    if (units >= 0 && units % unitsOfFen === 0) return units / unitsOfFen;
    throw damaged(`Row ${this.#rows} of the bill has no amount of money in column ${index + 1}`);
  }

  #tooLong(): BillError {
    return damaged(`After row ${this.#rows} the bill has a line of more than ${longestLine} characters`);
  }
}
