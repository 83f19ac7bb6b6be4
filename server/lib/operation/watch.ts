import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type EventName, tell } from './events.js';

/** Milliseconds in which the same is told once, with how often it happened meanwhile. */
const interval = 60_000;

/** Makes events of what the payments, and the requests that are refused, say of themselves. */
export class Watch {
  readonly #server: string;
  /** How often each has happened since it was told. */
  readonly #counts = new Map<EventName, number>();
  readonly #timers = new Map<EventName, NodeJS.Timeout>();

  constructor(server: string) {
    this.#server = server;
    subscribe('wxpay-face.payment.phase', this.#hear);
  }

  /** A request was answered. */
  answered(status: number): void {
    if (status === 401) this.#often('tokens-refused');
  }

  close(): void {
    unsubscribe('wxpay-face.payment.phase', this.#hear);
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  readonly #hear = (message: unknown): void => {
    const { out_trade_no, phase, state, trouble } = Object(message);
    if (phase === 'finished' && state === 'attention')
      tell({ event: 'attention', server: this.#server, number: String(out_trade_no) });
    if (trouble === 'certificate') this.#often('certificate');
    if (trouble === 'limit') this.#often('limited-by-gateway');
  };

  /** The first at once; what follows within a minute is counted. */
  #often(event: EventName): void {
    const count = (this.#counts.get(event) ?? 0) + 1;
    this.#counts.set(event, count);
    if (!this.#timers.has(event)) this.#say(event);
  }

  #say(event: EventName): void {
    const count = this.#counts.get(event) ?? 0;
    this.#counts.delete(event);
    this.#timers.delete(event);
    if (count === 0) return;
    tell({ event, server: this.#server, count });
    this.#timers.set(event, setTimeout(() => this.#say(event), interval).unref());
  }
}
