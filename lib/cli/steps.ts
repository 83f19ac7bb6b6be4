import diagnostics_channel from 'node:diagnostics_channel';
import { type Fields, isFields } from '../unknown.js';
import { troubles } from './outcome.js';

const channels = ['wxpay-face.face.call', 'wxpay-face.pay.call', 'wxpay-face.payment.phase'] as const;

const word = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? ` ${value}` : '');

const troubleOf = (trouble: unknown): string => {
  const says = Object.entries(troubles).find(([code]) => code === trouble)?.[1];
  return says === undefined ? '' : `: ${says}`;
};

function sentence(channel: string, message: Fields): string {
  const { cmd, name, step, trouble, attempt, detail, return_code, err_code, trade_state, outcome, error, duration } =
    message;
  if (channel === 'wxpay-face.payment.phase')
    return `till      ${step}${attempt === undefined ? '' : ` #${attempt}`}${word(detail)}${troubleOf(trouble)}`;
  const took = typeof duration === 'number' ? `, ${Math.round(duration)} ms` : '';
  if (channel === 'wxpay-face.face.call') return `camera    ${cmd} →${word(return_code ?? error)}${took}`;
  return `gateway   ${name} →${word(error ?? err_code ?? trade_state ?? outcome)}${took}`;
}

/** Tells every step of the rooms' diagnostics channels in a line, until the returned function is called. */
export function watchSteps(print: (line: string) => void): () => void {
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
