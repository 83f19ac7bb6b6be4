import type { Book, QueryAnswer, World } from './world.js';

/* What gateway and network may do, from docs/facts.md#unknown-is-not-failed and the sections after it alone. Nothing of the
 * machine is read here. */

/** What may happen beside the faults of the network, which always may. */
export interface Dimensions {
  readonly crash: boolean;
  readonly abort: boolean;
  readonly 'two cancels': boolean;
  /** A client that sets its requests no bound, and doesn't ask before the first byte. */
  readonly unbounded: boolean;
  /** Refunded elsewhere; a reversal may be shown as a refund. */
  readonly refund: boolean;
  readonly 'reverse-expire': boolean;
  readonly refusals: boolean;
  /** The till stands still, so that a timer comes late. */
  readonly stillness: boolean;
}

/**
 * The good worlds in which an end must come: 'well', where everybody does what he should; 'refused', where the key is refused
 * for ever; 'uncertified', where the certificate is. An edge counts in those whose bit it has.
 */
export const wells = { well: 1, refused: 2, uncertified: 4 } as const;
export const never = 0;
export const always = wells.well | wells.refused | wells.uncertified;

/**
 * Something that can happen.
 * @param wrong The edge itself is a violation.
 */
export type Emit = (what: string, world: World, where: number, wrong?: string) => void;

/** What becomes of an order without anybody's doing. 45 s after it asked for the password the gateway gives up by itself. */
const developments: Readonly<Partial<Record<Book, ReadonlyArray<readonly [Book, number]>>>> = {
  USERPAYING: [
    ['SUCCESS', always],
    ['NOTPAY', always],
    ['CLOSED', always],
    ['PAYERROR', always],
  ],
  'USERPAYING after a decline': [
    ['SUCCESS', always],
    ['NOTPAY after a decline', always],
    ['CLOSED', always],
    ['PAYERROR', always],
  ],
  NOTPAY: [
    ['SUCCESS', never],
    ['CLOSED', never],
  ],
  'NOTPAY after a decline': [['CLOSED', never]],
  // Reported: charged after a PAYERROR.
  PAYERROR: [['SUCCESS', never]],
};

/**
 * What an arriving payment request does, and what is answered. A "SYSTEMERROR" or a lost answer needs no entry: the till may
 * always hear that, or nothing. A gateway that is slow to book it hasn't got it yet.
 */
const fates: ReadonlyArray<readonly [Book, World['answer']]> = [
  ['SUCCESS', 'paid'],
  ['USERPAYING', 'none'],
  ['NOTPAY', 'none'],
  ['CLOSED', 'none'],
  ['no order', 'declined'],
  ['NOTPAY after a decline', 'declined'],
  ['CLOSED', 'declined'],
  ['REVOKED', 'declined'],
  // In extreme cases a decline has charged.
  ['SUCCESS', 'declined'],
  ['USERPAYING after a decline', 'declined'],
  ['PAYERROR', 'declined'],
];

export const queryAnswers: Readonly<Record<Book, QueryAnswer>> = {
  'no order': 'ORDERNOTEXIST',
  USERPAYING: 'USERPAYING',
  'USERPAYING after a decline': 'USERPAYING',
  NOTPAY: 'NOTPAY',
  'NOTPAY after a decline': 'NOTPAY',
  SUCCESS: 'SUCCESS',
  PAYERROR: 'PAYERROR',
  CLOSED: 'CLOSED',
  REVOKED: 'REVOKED',
  'given back, shown as REFUND': 'REFUND',
  REFUND: 'REFUND',
  "a stranger's": 'stranger',
};

/** What a reversal that arrives makes of an order, and what is answered: [book, answer, where]. */
export function reversals(book: Book, { refund }: Dimensions): ReadonlyArray<readonly [Book, World['said'], number]> {
  switch (book) {
    // A reversal that overtakes its payment proves nothing; of one that is closed or reversed neither does more.
    case 'no order':
    case 'CLOSED':
    case 'REVOKED':
      return [
        [book, 'done', wells.well],
        [book, 'again', never],
      ];
    case 'USERPAYING':
    case 'USERPAYING after a decline':
    case 'given back, shown as REFUND':
    case 'REFUND':
      return [[book, 'again', wells.well]];
    default:
      return [
        ['REVOKED', 'done', wells.well],
        // recall Y, or SYSTEMERROR, whether it was done or not.
        ['REVOKED', 'again', never],
        [book, 'again', never],
        ...(refund && book === 'SUCCESS' ? ([['given back, shown as REFUND', 'done', wells.well]] as const) : []),
      ];
  }
}

/** Said of a reversal that arrives. */
export const strangers = (book: Book): string | undefined =>
  book === "a stranger's" ? "a stranger's order was reversed" : undefined;

/** What gateway and network do by themselves. */
export function networkMoves(world: World, dimensions: Dimensions, emit: Emit): void {
  const { book, network, request } = world;
  if (network === 'under way') {
    emit('the payment request is lost', { ...world, network: 'over' }, never);
    const hears = request === 'begun' || request === 'left';
    if (book === "a stranger's")
      // The code may be declined before the number is looked at.
      for (const answer of ['taken', 'declined'] as const)
        emit(
          `the payment request meets another sale's order, answer ${answer}`,
          { ...world, network: 'over', answer: hears ? answer : 'none' },
          always,
        );
    else
      for (const [becomes, answer] of fates)
        emit(
          `the payment request arrives: ${becomes}, answer ${answer}`,
          { ...world, network: 'over', book: becomes, answer: hears ? answer : 'none' },
          always,
        );
  }
  for (const [becomes, where] of developments[book] ?? [])
    emit(`the order becomes ${becomes}`, { ...world, book: becomes }, where);
  if (dimensions.refund && book === 'SUCCESS') emit('somebody refunds the order', { ...world, book: 'REFUND' }, never);
  if (world.hasReversalUnderWay) {
    emit('no copy of a reversal is under way any more', { ...world, hasReversalUnderWay: 0 }, always);
    for (const [becomes] of reversals(book, dimensions))
      if (becomes !== book)
        emit(`a copy of a reversal arrives: ${becomes}`, { ...world, book: becomes }, never, strangers(book));
  }
}
