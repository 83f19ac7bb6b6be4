/* A moment in the life of one payment: what the till, the network and the gateway's book are. Finite, so that all can be visited. */

const no = 0;
const yes = 1;
const flag = [no, yes] as const;

/** What a query can be answered. */
const answers = [
  'SUCCESS',
  'REFUND',
  'NOTPAY',
  'CLOSED',
  'REVOKED',
  'USERPAYING',
  'PAYERROR',
  'ORDERNOTEXIST',
  'stranger',
] as const;

/** What each part can be. */
const domains = {
  /**
   * How long ago, by the till, the payment was requested (after a restart: taken up): before `notBefore`, before
   * `polling.timeout`, before `settleAfter`, or after all of them.
   */
  age: ['early', 'reversible', 'overdue', 'settled'],
  /** `settleAfter` has passed since the payment request could last leave. As `age`, if the client sets its requests a bound. */
  isQuiet: flag,
  /** The timer of `polling.timeout` is still to come. */
  hasDeadline: flag,
  /** What the till asked the request to stop for, before it had left. */
  withdrawal: ['none', 'abort', 'cancel'],
  /** ... and no longer waits for that. */
  isGraceOver: flag,
  isDown: flag,
  /** It was sold by another program. */
  isAdopted: flag,
  /** The payment request as the till knows it. */
  request: ['waiting', 'begun', 'left', 'ended', 'again'],
  /** A copy of a reversal may still reach the gateway. */
  hasReversalUnderWay: flag,
  /** The cashier was told that it is being reversed. */
  wasReversing: flag,
  /** An abort or a cancel() has had its effect. */
  wasGivenUp: flag,
  /** A query has told where our order stands. */
  isConfirmed: flag,
  crashes: [0, 1, 2],
  aborts: [0, 1],
  cancels: [0, 1, 2],
  /** The payment request as the network knows it. */
  network: ['not left', 'under way', 'over'],
  /** The gateway's answer to the payment request, on its way. */
  answer: ['none', 'paid', 'declined', 'taken'],
  /**
   * The gateway's book. After a verified decline NOTPAY stays NOTPAY (docs/facts.md#declines);
   * 'given back' is REVOKED, or shown as REFUND, which is not documented.
   */
  book: [
    'no order',
    'USERPAYING',
    'USERPAYING after a decline',
    'NOTPAY',
    'NOTPAY after a decline',
    'SUCCESS',
    'PAYERROR',
    'CLOSED',
    'REVOKED',
    'given back, shown as REFUND',
    'REFUND',
    "a stranger's",
  ],
  /** What the till does next, or is doing. */
  call: ['none', 'query', 'reverse'],
  stage: ['waiting', 'sent', 'answered'],
  /** Not before `notBefore`, and not before the payment request has ended; or only the latter. */
  mustWait: ['no', 'for the request', 'for both'],
  isFresh: flag,
  askedAge: ['early', 'reversible', 'overdue', 'settled'],
  askedQuiet: flag,
  /** To a reversal. */
  said: ['nothing', 'done', 'again'],
  /** The gateway's last answer to a query: on its way, or a copy of it lies in a kept connection. */
  copy: ['nothing', ...answers],
} as const;

type Domains = typeof domains;
type Field = keyof Domains;

/** `mind`: what the machine knows, by its number in `Minds`. */
export type World = { readonly [F in Field]: Domains[F][number] } & { readonly mind: number };
export type Age = World['age'];
export type Book = World['book'];
export const books: readonly Book[] = domains.book;
export type QueryAnswer = (typeof answers)[number];

const calls: readonly Field[] = ['call', 'stage', 'mustWait', 'isFresh', 'askedAge', 'askedQuiet', 'said'];
const words: ReadonlyArray<readonly Field[]> = [
  [
    'age',
    'isQuiet',
    'hasDeadline',
    'withdrawal',
    'isGraceOver',
    'isDown',
    'isAdopted',
    'request',
    'hasReversalUnderWay',
    'wasReversing',
    'wasGivenUp',
    'isConfirmed',
    'crashes',
    'aborts',
    'cancels',
  ],
  ['network', 'answer', 'book', 'copy', ...calls],
];

/** The till does nothing, and waits for nothing. */
export const idle = {
  call: 'none',
  stage: 'waiting',
  mustWait: 'no',
  isFresh: no,
  askedAge: 'early',
  askedQuiet: no,
  said: 'nothing',
} as const satisfies Partial<World>;

export const firstWorld: World = {
  ...idle,
  mind: 0,
  age: 'early',
  isQuiet: no,
  hasDeadline: no,
  withdrawal: 'none',
  isGraceOver: no,
  isDown: no,
  isAdopted: no,
  request: 'waiting',
  hasReversalUnderWay: no,
  wasReversing: no,
  wasGivenUp: no,
  isConfirmed: no,
  crashes: 0,
  aborts: 0,
  cancels: 0,
  network: 'not left',
  answer: 'none',
  book: 'no order',
  copy: 'nothing',
};

type Value = World[Field];
interface Digit {
  readonly field: Field;
  readonly values: readonly Value[];
  readonly places: ReadonlyMap<Value, number>;
}
const digitsOf = (fields: readonly Field[]): readonly Digit[] =>
  fields.map((field) => {
    const values: readonly Value[] = domains[field];
    return { field, values, places: new Map(values.map((value, place) => [value, place])) };
  });
const [first = [], second = []] = words.map(digitsOf);
const firstSize = first.reduce((size, { values }) => size * values.length, 1);

const number = (digits: readonly Digit[], world: World): number => {
  let word = 0;
  for (const { field, values, places } of digits) {
    const place = places.get(world[field]);
    if (place === undefined) throw new Error(`${field} can't be ${world[field]}`);
    word = word * values.length + place;
  }
  return word;
};

function spell(digits: readonly Digit[], word: number, into: Record<string, unknown>): void {
  let rest = word;
  for (let index = digits.length - 1; index >= 0; index -= 1) {
    const { field, values } = digits[index] ?? { field: '', values: [] };
    into[field] = values[rest % values.length];
    rest = Math.floor(rest / values.length);
  }
}

/** Two numbers below 2^32, which are the same for the same world only. */
export function packFirst(world: World): number {
  const word = number(first, world) + firstSize * world.mind;
  if (word >= 2 ** 32) throw new Error('Too many minds');
  return word;
}
export const packSecond = (world: World): number => number(second, world);

export function unpack(one: number, two: number): World {
  const world = { ...firstWorld, mind: Math.floor(one / firstSize) };
  spell(first, one % firstSize, world);
  spell(second, two, world);
  return world;
}
