const minute = 60_000;

/**
 * When a refund of each sale was last sent from here: whatever was planned, two of one order leave a minute apart, also if one is
 * sent again, or late. By the monotonic clock, in milliseconds.
 */
export class Minutes {
  readonly #monotonic: () => number;
  /** By out_trade_no, the earliest first. */
  readonly #last = new Map<string, { readonly out_refund_no: string; readonly at: number }>();

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** Milliseconds until this refund may be sent. */
  rest(out_trade_no: string, out_refund_no: string): number {
    const last = this.#last.get(out_trade_no);
    return last === undefined || last.out_refund_no === out_refund_no ? 0 : last.at + minute - this.#monotonic();
  }

  sent(out_trade_no: string, out_refund_no: string): void {
    const now = this.#monotonic();
    this.#last.delete(out_trade_no);
    this.#last.set(out_trade_no, { out_refund_no, at: now });
    for (const [sale, { at }] of this.#last) {
      if (now - at < minute) break;
      this.#last.delete(sale);
    }
  }
}
