import type { Dimensions } from './gateway-model.js';

/* Which worlds are visited, and how many states each has. */

export type Dimension = keyof Dimensions;

export const dimensionNames: readonly Dimension[] = [
  'crash',
  'abort',
  'two cancels',
  'unbounded',
  'refund',
  'reverse-expire',
  'refusals',
  'stillness',
];

export const dimensionsOf = (names: readonly Dimension[]): Dimensions => ({
  crash: names.includes('crash'),
  abort: names.includes('abort'),
  'two cancels': names.includes('two cancels'),
  unbounded: names.includes('unbounded'),
  refund: names.includes('refund'),
  'reverse-expire': names.includes('reverse-expire'),
  refusals: names.includes('refusals'),
  stillness: names.includes('stillness'),
});
