import { expect } from 'chai';
import { dayOf } from '../../lib/bill/day.js';
import {
  type BilledRefund,
  type BilledSale,
  judgeRefund,
  judgeSale,
  type KnownRefund,
  type KnownSale,
  noSale,
} from '../../lib/bill/difference.js';

const day = dayOf('20241123');
const noon = day.from + 12 * 60 * 60 * 1000;
const times = { before: day.from - 1, 'that day': noon, 'its last moment': day.to - 1, later: day.to } as const;

const sale = (told: KnownSale['told'], change: Partial<KnownSale> = {}): KnownSale => ({
  told,
  total_fee: 100,
  isCharged: told === 'paid',
  isGivenUp: told === 'reversed',
  at: noon,
  decidedAt: noon,
  ...change,
});
const billed = (change: Partial<BilledSale>): BilledSale => ({ ...noSale, ...change });

describe('whether a sale agrees with the bill', () => {
  const bills = {
    nothing: noSale,
    charged: billed({ charged: 100 }),
    'charged, another amount': billed({ charged: 90 }),
    'charged and reversed': billed({ charged: 100, isRevoked: true }),
    'reversed only': billed({ isRevoked: true }),
    'charged and refunded elsewhere': billed({ charged: 100, refundedElsewhere: 100 }),
    'charged and partly refunded elsewhere': billed({ charged: 100, refundedElsewhere: 30 }),
  } as const;

  const agrees = '–';
  const table: Readonly<Record<KnownSale['told'], Readonly<Record<keyof typeof bills, string>>>> = {
    paid: {
      nothing: 'paid-not-in-bill 100 0',
      charged: agrees,
      'charged, another amount': 'amount 100 90',
      'charged and reversed': 'paid-not-in-bill 100 0 REVOKED',
      'reversed only': 'paid-not-in-bill 100 0 REVOKED',
      'charged and refunded elsewhere': agrees,
      'charged and partly refunded elsewhere': agrees,
    },
    'not-paid': {
      nothing: agrees,
      charged: 'charged-not-told-paid 0 100',
      'charged, another amount': 'charged-not-told-paid 0 90',
      'charged and reversed': agrees,
      'reversed only': agrees,
      'charged and refunded elsewhere': agrees,
      'charged and partly refunded elsewhere': 'charged-not-told-paid 0 70',
    },
    reversed: {
      nothing: agrees,
      charged: 'reversed-still-charged 0 100',
      'charged, another amount': 'reversed-still-charged 0 90',
      'charged and reversed': agrees,
      'reversed only': agrees,
      'charged and refunded elsewhere': agrees,
      'charged and partly refunded elsewhere': 'reversed-still-charged 0 70',
    },
    attention: {
      nothing: agrees,
      charged: 'charged-not-told-paid 0 100',
      'charged, another amount': 'charged-not-told-paid 0 90',
      'charged and reversed': agrees,
      'reversed only': agrees,
      'charged and refunded elsewhere': agrees,
      'charged and partly refunded elsewhere': 'charged-not-told-paid 0 70',
    },
    open: {
      nothing: 'undecided 100 0',
      charged: 'undecided 100 100',
      'charged, another amount': 'undecided 100 90',
      'charged and reversed': 'undecided 100 0',
      'reversed only': 'undecided 100 0',
      'charged and refunded elsewhere': 'undecided 100 0',
      'charged and partly refunded elsewhere': 'undecided 100 70',
    },
  };
  const shown = (verdict: ReturnType<typeof judgeSale>): string =>
    verdict === undefined
      ? agrees
      : [verdict.kind, verdict.here, verdict.there, verdict.state].filter((part) => part !== undefined).join(' ');
  const names = Object.keys(bills) as Array<keyof typeof bills>;
  const tolds = Object.keys(table) as Array<KnownSale['told']>;

  for (const told of tolds)
    for (const name of names)
      it(`told ${told}, in the bill ${name}: ${table[told][name]}`, () => {
        expect(shown(judgeSale(sale(told), bills[name], day))).to.equal(table[told][name]);
      });

  const days: ReadonlyArray<readonly [title: string, known: KnownSale, of: keyof typeof bills, expected: string]> = [
    ['paid the day before', sale('paid', { at: times.before }), 'nothing', agrees],
    ['paid in the last moment', sale('paid', { at: times['its last moment'] }), 'nothing', 'paid-not-in-bill 100 0'],
    ['paid after midnight', sale('paid', { at: times.later }), 'nothing', agrees],
    ['open since the day before', sale('open', { at: times.before }), 'nothing', agrees],
    ['open since the day before', sale('open', { at: times.before }), 'charged', 'undecided 100 100'],
    ['reversed after midnight', sale('reversed', { decidedAt: times.later }), 'charged', agrees],
    [
      'reversed in the last moment',
      sale('reversed', { decidedAt: times['its last moment'] }),
      'charged',
      'reversed-still-charged 0 100',
    ],
    [
      'reversed before it was charged',
      sale('reversed', { decidedAt: times.before }),
      'charged',
      'reversed-still-charged 0 100',
    ],
    [
      'charged and reversed on that day',
      sale('reversed', { isCharged: true }),
      'nothing',
      'reversal-not-in-bill 100 0',
    ],
    [
      'charged the day before, reversed on that day',
      sale('reversed', { isCharged: true, at: times.before }),
      'nothing',
      'reversal-not-in-bill 100 0',
    ],
    [
      'charged the day before, reversed on that day',
      sale('reversed', { isCharged: true, at: times.before }),
      'reversed only',
      agrees,
    ],
    ['charged, reversed later', sale('reversed', { isCharged: true, decidedAt: times.later }), 'nothing', agrees],
    [
      'declined by a reversal after midnight',
      sale('not-paid', { isGivenUp: true, decidedAt: times.later }),
      'charged',
      agrees,
    ],
    ['declined after midnight', sale('not-paid', { decidedAt: times.later }), 'charged', 'charged-not-told-paid 0 100'],
    [
      'for a person, once known as charged',
      sale('attention', { isCharged: true }),
      'nothing',
      'paid-not-in-bill 100 0',
    ],
  ];
  for (const [title, known, name, expected] of days)
    it(`${title}, in the bill ${name}: ${expected}`, () => {
      expect(shown(judgeSale(known, bills[name], day))).to.equal(expected);
    });

  it('tells no amount of its own of an order whose amount it never knew', () => {
    const { total_fee: _, ...adopted } = sale('attention');
    expect(judgeSale(adopted, bills.charged, day)).to.deep.equal({
      kind: 'charged-not-told-paid',
      here: 0,
      there: 100,
    });
    expect(judgeSale({ ...adopted, told: 'open' }, bills.charged, day)).to.deep.equal({
      kind: 'undecided',
      there: 100,
    });
  });
});

describe('whether a refund agrees with the bill', () => {
  const bills: Readonly<Record<string, BilledRefund | undefined>> = {
    nothing: undefined,
    'given back': { refund_fee: 40, isFailed: false },
    'another amount': { refund_fee: 30, isFailed: false },
    failed: { refund_fee: 40, isFailed: true },
  };
  const agrees = '–';
  const table: Readonly<Record<KnownRefund['told'], readonly string[]>> = {
    refunded: ['refund-not-in-bill 40 0', agrees, 'refund-amount 40 30', 'refund-not-in-bill 40 0 FAIL'],
    accepted: ['refund-not-in-bill 40 0', agrees, 'refund-amount 40 30', 'undecided 40 0 FAIL'],
    refused: [agrees, 'refund-unknown-here 0 40', 'refund-unknown-here 0 30', agrees],
    attention: [agrees, agrees, 'refund-amount 40 30', agrees],
    open: ['undecided 40 0', 'undecided 40 40', 'undecided 40 30', 'undecided 40 0'],
  };
  const judge = (told: KnownRefund['told'], at: number, billedRefund: BilledRefund | undefined): string => {
    const verdict = judgeRefund({ told, refund_fee: 40, at }, billedRefund, day);
    if (verdict === undefined) return agrees;
    return [verdict.kind, verdict.here, verdict.there, verdict.state].filter((part) => part !== undefined).join(' ');
  };
  for (const told of Object.keys(table) as Array<KnownRefund['told']>)
    for (const [index, name] of Object.keys(bills).entries())
      it(`told ${told}, in the bill ${name}: ${table[told][index]}`, () => {
        expect(judge(told, noon, bills[name])).to.equal(table[told][index]);
      });

  it('asks nothing of the bill of another day', () => {
    for (const at of [times.before, times.later]) {
      expect(judge('refunded', at, undefined)).to.equal(agrees);
      expect(judge('open', at, undefined)).to.equal(agrees);
      expect(judge('refunded', at, bills['another amount'])).to.equal('refund-amount 40 30');
    }
  });
});
