import { noticeAddress, noticeOf, post } from './refund-notice.js';
import type { Refunds, StoredRefund } from './refunds.js';
import type { SimulatedMerchant } from './routes.js';
import type { SimulatorSettings } from './scenario.js';

interface FollowUpContext {
  readonly refunds: Refunds;
  readonly merchant: SimulatedMerchant;
  readonly settings: () => SimulatorSettings;
  /** Something of a refund is to be shown. */
  readonly changed: () => void;
}

/** Milliseconds between two looks at a refund that should have ended. */
const shortest = 10;

/** What happens to refunds without a call: they end when their time has come, and the merchant is notified. */
export class RefundFollowUp {
  readonly #context: FollowUpContext;
  readonly #closing = new AbortController();
  readonly #timers = new Set<NodeJS.Timeout>();
  #notifyUrl = '';

  constructor(context: FollowUpContext) {
    this.#context = context;
  }

  /** Where notifications go whose refund names no address itself; '' for nowhere. */
  get notifyUrl(): string {
    return this.#notifyUrl;
  }

  /** @throws InvalidParameterError if it's no address of http:// or https://. */
  set notifyUrl(notifyUrl: string) {
    this.#notifyUrl = noticeAddress(notifyUrl) ?? '';
    this.#context.changed();
  }

  /** A refund was taken, or has ended. */
  hear(refund: StoredRefund): void {
    if (this.#closing.signal.aborted) return;
    if (refund.refund_status !== 'PROCESSING') this.notify(refund);
    else if (refund.end !== 'waiting') this.#wait(refund, refund.delay);
    this.#context.changed();
  }

  #wait(refund: StoredRefund, ms: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const { refunds, settings } = this.#context;
      const now = Date.now();
      refunds.settle(settings(), now);
      const passed = Math.abs(now + settings().clock - refund.requestedAt);
      if (refund.refund_status === 'PROCESSING') this.#wait(refund, Math.max(shortest, refund.delay - passed));
    }, ms).unref();
    this.#timers.add(timer);
  }

  #addressFor({ notify_url }: StoredRefund): string | undefined {
    try {
      return noticeAddress(notify_url || this.#notifyUrl);
    } catch {
      // The till's own mistake: the vendor doesn't tell it either.
      return undefined;
    }
  }

  /** Sends the notification of a refund that has ended, once more if it was sent before. False if there's nothing to tell, or nobody. */
  notify(refund: StoredRefund): boolean {
    const address = this.#addressFor(refund);
    if (address === undefined || refund.refund_status === 'PROCESSING' || this.#closing.signal.aborted) return false;
    void post(address, noticeOf(refund, this.#context.merchant), this.#closing.signal).then((outcome) => {
      refund.notice = outcome;
      this.#context.changed();
    });
    return true;
  }

  close(): void {
    this.#closing.abort();
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
