import diagnostics_channel from 'node:diagnostics_channel';
import { type Fields, isFields } from '../unknown.js';
import type { Saying } from '../words/cli/index.js';
import { named } from './named.js';

const channels = ['wxpay-face.face.call', 'wxpay-face.pay.call', 'wxpay-face.payment.phase'] as const;

const word = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

const sentence =
  (channel: string, message: Fields): Saying =>
  ({ payments }) => {
    const { cmd, name, step, trouble, attempt, detail, return_code, err_code, trade_state, outcome, error, duration } =
      message;
    if (channel === 'wxpay-face.payment.phase') {
      const keptBy = Object.hasOwn(payments.troubles, word(trouble)) ? named(payments.troubles, word(trouble)) : '';
      return payments.till(named(payments.steps, word(step)), word(attempt), word(detail), keptBy);
    }
    const took = typeof duration === 'number' ? payments.took(Math.round(duration)) : '';
    if (channel === 'wxpay-face.face.call') return payments.camera(word(cmd), word(return_code ?? error), took);
    return payments.gateway(word(name), word(error ?? err_code ?? trade_state ?? outcome), took);
  };

/** Tells every step of the rooms' diagnostics channels in a line, until the returned function is called. */
export function watchSteps(print: (line: Saying) => void): () => void {
  const watchers = channels.map((channel) => {
    const watch = (message: unknown): void => {
      if (isFields(message)) print(sentence(channel, message));
    };
    diagnostics_channel.subscribe(channel, watch);
    return () => diagnostics_channel.unsubscribe(channel, watch);
  });
  return () => {
    for (const stop of watchers) stop();
  };
}
