import type { Difference } from '../bill/difference.js';
import { yuan } from '../words/amount.js';
import type { Saying, Words } from '../words/cli/index.js';
import { displayWidth, padEnd, padStart } from './columns.js';

const widestKind = (words: Words): number => Math.max(...Object.values(words.reconcile.kinds).map(displayWidth));

const money = (fen: number | undefined): string => padStart(fen === undefined ? '–' : yuan(fen), 12);

export const differenceHead: Saying = (words) => {
  const { kind, here, there, what } = words.reconcile.head;
  return [padEnd(kind, widestKind(words)), padStart(here, 12), padStart(there, 12), what].join('  ');
};

/** One line for people, below {@link differenceHead}. */
export const differenceLine =
  ({ kind, here, there, out_trade_no, out_refund_no, state }: Difference): Saying =>
  (words) => {
    const what = [out_trade_no, out_refund_no, state].filter((part) => part !== undefined).join('  ');
    return [padEnd(words.reconcile.kinds[kind], widestKind(words)), money(here), money(there), what].join('  ');
  };
