import { onAbort } from '../abort.js';
import { PayTransportError } from '../pay/errors.js';
import type { Clock } from '../payment/clock.js';

/** The value, or undefined if it has not come after so many milliseconds; then nobody waits for it any more. */
export async function within<Value>(
  clock: Clock,
  milliseconds: number,
  promise: Promise<Value>,
): Promise<Value | undefined> {
  const timer = new AbortController();
  const late = clock.sleep(milliseconds, timer.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

/** Milliseconds. Longer than any pause between two steps of a reversal by the default policies. */
const silenceLimit = 120_000;

/**
 * Waits for a payment to its end: nobody else may say how it ended. But once one of the signals is aborted, it is waited for
 * only as long as it is heard of.
 * @throws PayTransportError, with `sent` true, after 2 minutes of silence
 */
export function unlessSilent<Outcome>(
  begin: (heard: () => void) => Promise<Outcome>,
  signals: readonly AbortSignal[],
): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  let giveUp: (error: Error) => void = () => {};
  const silent = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const listen = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const message =
        'the payment was given up, and the merchant has said nothing of it for 2 minutes: it may have been made';
      const cause: unknown = signals.find(({ aborted }) => aborted)?.reason;
      giveUp(new PayTransportError(message, true, { why: 'response-timeout', cause }));
    }, silenceLimit);
    // A program that has nothing else to do need not wait for it.
    timer.unref();
  };
  const ignore = signals.map((signal) => onAbort(signal, listen));
  const payment = (async () => begin(() => timer && listen()))();
  return Promise.race([payment, silent]).finally(() => {
    clearTimeout(timer);
    // What is reported later, of a reversal in the background, must not begin it again.
    timer = undefined;
    for (const stop of ignore) stop();
  });
}
