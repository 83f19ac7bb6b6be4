import type { PaymentProcessor } from 'wxpay-face';

/** Milliseconds between two questions about one refund, however many notices come. */
const pause = 60_000;

/**
 * What the gateway's notices say of a merchant's refunds: that it's worth asking, and nothing more. Who drives a refund asks, so that
 * once a minute holds across servers.
 */
export class RefundNotices {
  readonly #processor: Pick<PaymentProcessor, 'noticed'>;
  /** Asked within the last minute, each with whether more notices came since. */
  readonly #asked = new Map<string, { isWanted: boolean; timer: NodeJS.Timeout }>();

  constructor(processor: Pick<PaymentProcessor, 'noticed'>) {
    this.#processor = processor;
  }

  /** Asks now, or when the minute is over. @throws JournalError if the journal can't be read: the gateway may say it again. */
  async hear(out_refund_no: string): Promise<void> {
    const asked = this.#asked.get(out_refund_no);
    if (asked !== undefined) {
      asked.isWanted = true;
      return;
    }
    const timer = setTimeout(() => this.#over(out_refund_no), pause).unref();
    this.#asked.set(out_refund_no, { isWanted: false, timer });
    try {
      await this.#processor.noticed({ out_refund_no });
    } catch (error) {
      clearTimeout(timer);
      this.#asked.delete(out_refund_no);
      throw error;
    }
  }

  close(): void {
    for (const { timer } of this.#asked.values()) clearTimeout(timer);
    this.#asked.clear();
  }

  #over(out_refund_no: string): void {
    const isWanted = this.#asked.get(out_refund_no)?.isWanted ?? false;
    this.#asked.delete(out_refund_no);
    // If it fails it's polled all the same.
    if (isWanted) this.hear(out_refund_no).catch(() => undefined);
  }
}
