import type { PaymentProgress } from 'wxpay-face';

type Listener = (progress: PaymentProgress) => void;

/** What is heard of the payments that run on this server. */
export class ProgressHub {
  readonly #last = new Map<string, PaymentProgress>();
  readonly #listeners = new Map<string, Set<Listener>>();

  tell(progress: PaymentProgress): void {
    const { out_trade_no, phase } = progress;
    if (phase === 'finished') this.#last.delete(out_trade_no);
    else this.#last.set(out_trade_no, progress);
    for (const listener of this.#listeners.get(out_trade_no) ?? []) listener(progress);
  }

  /** Nothing more is heard of it here: it ended, or another server has it. */
  forget(out_trade_no: string): void {
    this.#last.delete(out_trade_no);
  }

  isRunning(out_trade_no: string): boolean {
    return this.#last.has(out_trade_no);
  }

  /** Hears the last step at once. Returns how to stop. */
  listen(out_trade_no: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(out_trade_no) ?? new Set();
    this.#listeners.set(out_trade_no, listeners.add(listener));
    const last = this.#last.get(out_trade_no);
    if (last !== undefined) listener(last);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(out_trade_no);
    };
  }
}
