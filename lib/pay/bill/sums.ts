import { BillError } from '../errors.js';
import { readAmount, unitsOfFen } from './amount.js';
import type { Format, Sum } from './columns.js';

/** What the rows come to in one of the bill's sums. */
interface Total {
  /** The column that is added up; undefined: the rows are counted. */
  readonly column: string | undefined;
  readonly index: number;
  readonly where: { readonly index: number; readonly value: string } | undefined;
  value: number;
}

/** In fen; of what is not an amount, undefined. */
const fenOf = (text: string): number | undefined => {
  const units = readAmount(text);
  return Number.isNaN(units) ? undefined : units / unitsOfFen;
};

/** How many; some bills write 20.0 for 20. */
const countOf = (text: string): number | undefined => (/^\d{1,12}(?:\.0+)?$/.test(text) ? Number(text) : undefined);

/** Adds up the rows of a bill, and holds them against its own sums: all that says that it's whole. */
export class Sums {
  readonly #count: string;
  /** By the gateway's names of the sums. Those of columns that the bill doesn't have are passed on as they are. */
  readonly #totals = new Map<string, Total>();

  constructor({ sums, count }: Format, columns: readonly string[]) {
    this.#count = count;
    for (const [name, sum] of Object.entries(sums)) {
      const total = totalOf(sum, columns);
      if (total !== undefined) this.#totals.set(name, total);
    }
  }

  /** @throws BillError */
  add(cells: readonly string[], row: number): void {
    for (const total of this.#totals.values()) {
      const { column, index, where } = total;
      if (where !== undefined && cells[where.index] !== where.value) continue;
      if (column === undefined) {
        total.value += 1;
        continue;
      }
      const text = cells[index] ?? '';
      // Payments leave the amounts of refunds empty.
      if (text === '') continue;
      const units = readAmount(text);
      if (Number.isNaN(units)) throw new BillError('ERR_BILL', `Row ${row} of the bill has no amount as its ${column}`);
      total.value += units;
    }
  }

  /** Whether a line names the bill's sums. */
  isHeader(line: string): boolean {
    return line.split(',').some((name) => name.trim() === this.#count);
  }

  /**
   * The bill's own sums: amounts in fen.
   * @throws BillError if they aren't what the rows come to.
   */
  compare(header: string, line: string): Record<string, number> {
    const names = header.split(',').map((name) => name.trim());
    const values = line.startsWith('`') ? line.slice(1).split(',`') : line.split(',');
    if (names.length !== values.length)
      throw new BillError('ERR_BILL', `The bill has ${values.length} sums under ${names.length} names`);
    const summary: Record<string, number> = {};
    for (const [index, name] of names.entries()) {
      const text = (values[index] ?? '').trim();
      const total = this.#totals.get(name);
      const said = /数$/.test(name) ? countOf(text) : fenOf(text);
      if (said !== undefined) summary[name] = said;
      if (total === undefined) continue;
      const added = total.column === undefined ? total.value : total.value / unitsOfFen;
      if (said !== added)
        throw new BillError(
          'ERR_BILL',
          `The bill's rows come to ${added} as ${name}, but its sum is ${said ?? 'none'}`,
        );
    }
    return summary;
  }
}

function totalOf(sum: Sum, columns: readonly string[]): Total | undefined {
  const column = sum.columns?.find((name) => columns.includes(name));
  if (sum.columns !== undefined && column === undefined) return undefined;
  const where = sum.where && { index: columns.indexOf(sum.where[0]), value: sum.where[1] };
  return { column, index: column === undefined ? -1 : columns.indexOf(column), where, value: 0 };
}
