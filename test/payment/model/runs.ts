import { type Explored, explore } from './explore.js';
import type { Dimensions } from './gateway-model.js';
import { planted } from './planted.js';
import { exploreRefund, plantedRefunds, refundRuns } from './refund.js';
import { states } from './states.js';

/* Which models are visited: each dimension alone, and each two and three together. */

type Dimension = keyof Dimensions;

const without: Dimensions = {
  crash: false,
  abort: false,
  'two cancels': false,
  unbounded: false,
  refund: false,
  'reverse-expire': false,
  refusals: false,
  stillness: false,
};
const names = Object.keys(without).filter((name): name is Dimension => Object.hasOwn(without, name));

const dimensionsOf = (chosen: readonly Dimension[]): Dimensions => ({
  ...without,
  ...Object.fromEntries(chosen.map((name) => [name, true])),
});

function choices(count: number, from: readonly Dimension[] = names): Dimension[][] {
  if (count === 0) return [[]];
  return from.flatMap((name, index) => choices(count - 1, from.slice(index + 1)).map((rest) => [name, ...rest]));
}

export interface Run extends Pick<Explored, 'states' | 'edges' | 'findings'> {
  readonly name: string;
  /** How many states there should be. */
  readonly held: number | undefined;
}

/** @param most How many dimensions of a payment at most are taken together; those of a refund are all taken. */
export function* runs(most: number): Generator<Run, void, undefined> {
  for (let count = 0; count <= most; count += 1)
    for (const chosen of choices(count)) {
      const name = chosen.join(' + ') || 'nothing but the network';
      yield { ...explore(dimensionsOf(chosen)), name, held: states[name] };
    }
  for (const { name, dimensions } of refundRuns) yield { ...exploreRefund(dimensions), name, held: states[name] };
}

/** The deliberate mistakes, and whether the model finds them. */
export function* findings(): Generator<{ readonly name: string; readonly isFound: boolean }, void, undefined> {
  for (const { name, table, dimensions, finds } of planted) {
    const isFound = (found: Explored['findings']): boolean => found.some(({ what }) => finds.test(what));
    yield { name, isFound: isFound(explore(dimensionsOf(dimensions), table, isFound).findings) };
  }
  for (const { name, table, finds } of plantedRefunds) {
    const { findings: found } = exploreRefund({ crash: true, refusals: false }, table);
    yield { name, isFound: found.some(({ what }) => finds.test(what)) };
  }
}
