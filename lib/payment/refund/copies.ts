import type { KeyedMutex } from '../../concurrency.js';
import type { KnownRefund } from './record.js';
import type { Sales } from './sales.js';

/** Has the records of sales tell what those of their refunds do. */
export class Copies {
  readonly #sales: Sales;
  readonly #lanes: KeyedMutex;
  /** By out_refund_no. */
  readonly #working = new Map<string, Promise<void>>();

  /** @param lanes Of the sales. */
  constructor(sales: Sales, lanes: KeyedMutex) {
    this.#sales = sales;
    this.#lanes = lanes;
  }

  make(out_refund_no: string, known: KnownRefund): Promise<void> {
    return this.#lanes.run(known.stored.out_trade_no, () => this.#sales.copy(out_refund_no, known));
  }

  /** What fails is done by acknowledge(), or by the next refund() of the sale. */
  makeLater(out_refund_no: string, known: KnownRefund): void {
    const before = this.#working.get(out_refund_no) ?? Promise.resolve();
    const work = before
      .then(() => this.make(out_refund_no, known))
      .catch(() => undefined)
      .then(() => {
        if (this.#working.get(out_refund_no) === work) this.#working.delete(out_refund_no);
      });
    this.#working.set(out_refund_no, work);
  }

  /** Resolves when nothing more is being copied, of one refund or of all. */
  async done(out_refund_no?: string): Promise<void> {
    if (out_refund_no === undefined) await Promise.all(this.#working.values());
    else await this.#working.get(out_refund_no);
  }
}
