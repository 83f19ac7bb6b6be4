import diagnostics_channel from 'node:diagnostics_channel';
import type { Output } from './output.js';
import { watchSteps } from './steps.js';

/** Milliseconds of silence after which it is reported that the wait goes on. */
const patience = 10_000;

/** Shows every step of payments until the returned function is called: lines for people, or 'progress' documents. */
export function showProgress(output: Output): () => void {
  if (output.json) {
    const phase = 'wxpay-face.payment.phase';
    const report = (message: unknown): void => output.emit('progress', Object(message));
    diagnostics_channel.subscribe(phase, report);
    return () => void diagnostics_channel.unsubscribe(phase, report);
  }
  let silence = 0;
  const timer = setInterval(() => {
    silence += patience;
    output.step(({ payments }) => payments.waiting(silence / 1000));
  }, patience).unref();
  const stop = watchSteps((step) => {
    silence = 0;
    timer.refresh();
    output.step((words) => `  ${step(words)}`);
  });
  return () => {
    clearInterval(timer);
    stop();
  };
}
