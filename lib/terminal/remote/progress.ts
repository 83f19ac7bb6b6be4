import type { Clock } from '../../payment/clock.js';
import type { PaymentOutcome } from '../../payment/decision/outcomes.js';
import type { PaymentProgress, PayOptions } from '../../payment/progress.js';
import { isFields, isNumber, isOneOf, isOptional, isString, isWhole } from '../../unknown.js';
import { finished, report } from '../progress.js';
import type { Line } from './line.js';
import { linesOf } from './lines.js';
import { parsed } from './outcomes.js';

/** Milliseconds between two looks for a payment that hasn't arrived there yet, or after a stream that ended early. */
const pause = 500;

const isPhase = isOneOf('submitting', 'querying', 'reversing');
const isStep = isOneOf('sending', 'password', 'unknown', 'confirming', 'reversing');
const isTrouble = isOneOf('certificate', 'refused', 'limit', 'silence', 'journal');

type Shown = Omit<PaymentProgress, 'until'> & { remaining?: number };

const isShown = (value: unknown, out_trade_no: string): value is Shown =>
  isFields(value) &&
  value.out_trade_no === out_trade_no &&
  isPhase(value.phase) &&
  isStep(value.step) &&
  isOptional(value.attempt, isWhole) &&
  isOptional(value.trouble, isTrouble) &&
  isOptional(value.detail, isString) &&
  isOptional(value.remaining, isNumber);

/** By this machine's clock. */
function hereOf(
  { out_trade_no, phase, step, attempt, trouble, detail, remaining }: Shown,
  clock: Clock,
): PaymentProgress {
  return {
    ...{ out_trade_no, phase, step },
    ...(attempt !== undefined && { attempt }),
    ...(remaining !== undefined && { until: Math.round(clock.wall() + remaining) }),
    ...(trouble !== undefined && { trouble }),
    ...(detail !== undefined && { detail }),
  };
}

const isEnd = (value: unknown): boolean => isFields(value) && value.phase === 'finished';

/** Tells the steps of one payment on a merchant server. A payment without a display is a payment all the same: nothing here throws. */
export class ProgressTeller {
  readonly #line: Line;
  readonly #clock: Clock;
  readonly #out_trade_no: string;
  readonly #options: PayOptions;
  readonly #over = new AbortController();
  #last: PaymentProgress | undefined;

  constructor(line: Line, clock: Clock, out_trade_no: string, onProgress: PayOptions['onProgress']) {
    this.#line = line;
    this.#clock = clock;
    this.#out_trade_no = out_trade_no;
    this.#options = onProgress === undefined ? {} : { onProgress };
  }

  begin(): void {
    this.#tell({ out_trade_no: this.#out_trade_no, phase: 'submitting', step: 'sending' });
    if (this.#options.onProgress !== undefined) void this.#follow();
  }

  /** Whoever has the outcome tells it. */
  end(outcome: PaymentOutcome): void {
    this.stop();
    if (outcome.status === 'reversing')
      this.#tell({ out_trade_no: outcome.out_trade_no, phase: 'reversing', step: 'reversing' });
    else finished(this.#options, outcome);
  }

  stop(): void {
    this.#over.abort();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#over;
    const path = `/v1/payments/${encodeURIComponent(this.#out_trade_no)}/progress`;
    const question = { request: { method: 'GET', path }, patience: { unsent: 0, inDoubt: 0 }, signal } as const;
    while (!signal.aborted) {
      await this.#line.pause(pause, signal);
      const leave = this.#line.takePlace();
      // What is shown gives way to what is paid.
      if (leave === undefined) continue;
      try {
        const { chunks } = await this.#line.open(question, 'text/event-stream');
        for await (const text of linesOf(chunks)) {
          const shown = text.startsWith('data:') ? parsed(text.slice('data:'.length)) : undefined;
          if (signal.aborted || isEnd(shown)) return;
          if (isShown(shown, this.#out_trade_no)) this.#tell(hereOf(shown, this.#clock));
        }
      } catch {
        // Not there yet, or the line is broken.
      } finally {
        leave();
      }
    }
  }

  #tell(progress: PaymentProgress): void {
    const { phase, step, attempt, trouble } = progress;
    const last = this.#last;
    if (last?.phase === phase && last.step === step && last.attempt === attempt && last.trouble === trouble) return;
    this.#last = progress;
    report(this.#options, progress);
  }
}
