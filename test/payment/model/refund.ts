import { defaultPolicies } from '../../../lib/payment/decision/policies.js';
import {
  machineOf,
  type RefundStep,
  type RefundTransition,
  transition,
} from '../../../lib/payment/decision/refund/machine.js';
import { defaultRefundPolicy } from '../../../lib/payment/decision/refund/policy.js';
import {
  finalPhases,
  type RefundEvent,
  type RefundEventName,
  type RefundMemory,
  type RefundNext,
  type RefundState,
  remembered,
  sending,
} from '../../../lib/payment/decision/refund/states.js';
import { type RefundRow, transitions } from '../../../lib/payment/decision/refund/transitions.js';
import type { Explored, Finding } from './explore.js';

/*
 * The real machine of a refund before a model of the gateway and the network: every state that can be reached, breadth
 * first. Of time it is known only whether something was just now or settleAfter ago: so long no request stays on its way.
 */

export interface RefundDimensions {
  /** The till dies, at any moment. */
  readonly crash: boolean;
  /** Key, certificate or code are refused, with words that nobody has listed too. */
  readonly refusals: boolean;
}

interface World {
  readonly state: RefundState;
  readonly next: 'send' | 'query' | 'end';
  /** The next step comes only once nothing can be on its way any more. */
  readonly mustWait: boolean;
  /** What the gateway has of our number. */
  readonly book: 'nothing' | 'pending' | 'given back' | 'closed' | 'by hand';
  /** A request that nobody waits for may still arrive. */
  readonly isOnItsWay: boolean;
}

const policies = { reversal: defaultPolicies.reversal, refund: defaultRefundPolicy };
const { settleAfter } = policies.reversal;

const aged = (time: number): number => (time <= -settleAfter ? -settleAfter : 0);

/** Times as just now or long ago, counts as none or some: else there is no end of states. */
function coarse(memory: RefundMemory, age: (time: number) => number = aged): RefundMemory {
  const { refusedSince, certificateSince, unlisted } = memory;
  return {
    ...memory,
    sends: Math.min(memory.sends, 1),
    queries: Math.min(memory.queries, 1),
    reachedAt: age(memory.reachedAt),
    ...(refusedSince !== undefined && { refusedSince: age(refusedSince) }),
    ...(certificateSince !== undefined && { certificateSince: age(certificateSince) }),
    ...(unlisted !== undefined && { unlisted: { ...unlisted, since: age(unlisted.since) } }),
  };
}

const details: Partial<RefundEvent> = { detail: 'words' };
const verified = { ...details, verified: true };
const happenings: Readonly<Partial<Record<RefundEventName, Partial<RefundEvent>>>> = {
  'send:accepted': verified,
  'send:again': details,
  'send:unclear': verified,
  'send:limited': verified,
  'query:PROCESSING': verified,
  'query:REFUNDNOTEXIST': verified,
  'query:CHANGE': verified,
  'query:SUCCESS': { ...verified, givenBack: { refund_id: '1' } },
  'query:REFUNDCLOSE': { ...verified, decline: { err_code: 'REFUNDCLOSE' } },
  'query:limited': verified,
  'send:unable': { ...details, failure: 'certificate' },
};
const declines: ReadonlyArray<Partial<RefundEvent>> = [
  { ...verified, decline: { err_code: 'NOTENOUGH' } },
  { ...verified, decline: { err_code: 'USER_ACCOUNT_ABNORMAL', byHand: true } },
];

const shown: Readonly<Record<World['book'], RefundEventName>> = {
  nothing: 'query:REFUNDNOTEXIST',
  pending: 'query:PROCESSING',
  'given back': 'query:SUCCESS',
  closed: 'query:REFUNDCLOSE',
  'by hand': 'query:CHANGE',
};

/** What a request that arrives leaves in the book, taken or not: the same number is the same refund. */
const arrived = ({ book }: World): ReadonlyArray<World['book']> =>
  book === 'nothing' ? ['pending', 'nothing'] : [book];

/** What is wrong with a state: words and money part. */
function wrongIn({ state: { phase, facts }, book, isOnItsWay }: World): string | undefined {
  const mayBeGiven = book === 'pending' || book === 'given back' || book === 'by hand' || isOnItsWay;
  if (phase === 'refunded' && book !== 'given back') return `told refunded, but it is ${book}`;
  if (phase === 'refused' && book !== 'closed' && mayBeGiven) return `told refused, but it is ${book}`;
  if (phase === 'failed' && (book !== 'nothing' || isOnItsWay)) return `told failed, but it is ${book}`;
  const isByHand = phase === 'attention' && facts.attention === 'by-hand' && book !== 'by hand';
  return isByHand && mayBeGiven ? `to be given back by hand, but it is ${book}` : undefined;
}

type Move = readonly [what: string, next: World];

/** The moves of one state. */
class Moves {
  readonly all: Move[] = [];
  readonly #world: World;
  readonly #table: RefundTransition;

  constructor(world: World, { crash, refusals }: RefundDimensions, table: RefundTransition) {
    this.#world = world;
    this.#table = table;
    const isOver = finalPhases.has(world.state.phase);
    if (world.next === 'send' && !world.mustWait) this.#sends(crash, refusals);
    if (world.next === 'query' && !world.mustWait) this.#queries(refusals);
    this.#network();
    this.#happens('a notification', 'notice');
    if (isOver) this.#happens('asked for again', 'ask');
    else if (crash) this.#crashes('a crash', {});
  }

  #happens(what: string, on: RefundEventName, more: Partial<World> = {}, event = happenings[on] ?? details): void {
    this.#add(what, more, this.#table(this.#world.state, { ...event, on, elapsed: 0 }, policies));
  }

  #crashes(what: string, more: Partial<World>): void {
    const { phase, facts } = this.#world.state;
    this.#add(what, more, this.#table(remembered(phase, facts), { on: 'restart', elapsed: 0 }, policies));
  }

  #add(what: string, more: Partial<World>, { state, next }: RefundStep): void {
    const then = next.do === 'continue' ? {} : planOf(next);
    this.all.push([what, { ...this.#world, ...more, state: { ...state, memory: coarse(state.memory) }, ...then }]);
  }

  #sends(crash: boolean, refusals: boolean): void {
    const { book } = this.#world;
    this.#happens('not sent', 'send:not-sent');
    this.#happens('not to be sent from here', 'send:unable');
    this.#happens('sent, and silent', 'send:again', { isOnItsWay: true });
    for (const after of arrived(this.#world)) {
      this.#happens(`sent, and the answer is lost: ${after}`, 'send:again', { book: after });
      this.#happens(`answered with a code that nobody has listed: ${after}`, 'send:unclear', { book: after });
      if (crash) this.#crashes(`a crash before the answer: ${after}`, { book: after });
    }
    if (crash) this.#crashes('a crash while it is on its way', { isOnItsWay: true });
    this.#happens('accepted', 'send:accepted', book === 'nothing' ? { book: 'pending' } : {});
    if (book === 'nothing') for (const event of declines) this.#happens('a no', 'send:declined', {}, event);
    this.#happens('limited', 'send:limited');
    if (!refusals) return;
    this.#happens('an unsigned FAIL', 'send:refused');
    this.#happens('the certificate is refused', 'send:certificate');
  }

  #queries(refusals: boolean): void {
    this.#happens('the query shows it', shown[this.#world.book]);
    this.#happens('the query is not answered', 'query:silent');
    this.#happens('the query is limited', 'query:limited');
    if (refusals) this.#happens('the query gets an unsigned FAIL', 'query:refused');
  }

  #network(): void {
    const world = this.#world;
    if (world.isOnItsWay)
      for (const book of arrived(world))
        this.all.push([`a late request: ${book}`, { ...world, book, isOnItsWay: false }]);
    if (world.book === 'pending')
      for (const book of ['given back', 'closed', 'by hand'] as const)
        this.all.push([`the gateway: ${book}`, { ...world, book }]);
    const state = { ...world.state, memory: coarse(world.state.memory, () => -settleAfter) };
    this.all.push(['time passes', { ...world, state, mustWait: false, isOnItsWay: false }]);
  }
}

const planOf = (next: RefundNext): Pick<World, 'next' | 'mustWait'> =>
  next.do === 'send' || next.do === 'query'
    ? { next: next.do, mustWait: next.least >= settleAfter }
    : { next: 'end', mustWait: false };

/** @param table A machine with a mistake, to see that it is found. */
export function exploreRefund(
  dimensions: RefundDimensions,
  table: RefundTransition = transition,
): Omit<Explored, 'minds'> {
  const begun = table(sending, { on: 'begin', elapsed: 0 }, policies);
  const first: World = { state: begun.state, ...planOf(begun.next), book: 'nothing', isOnItsWay: false };
  const numbers = new Map([[JSON.stringify(first), 0]]);
  const worlds = [first];
  const parents: Array<readonly [from: number, what: string]> = [[0, 'written down']];
  const targets: number[][] = [];
  const findings = new Map<string, Finding>();
  const traceOf = (number: number): string[] => {
    const [from, what] = parents[number] ?? [0, ''];
    const { state, book } = worlds[number] ?? first;
    return [...(number === 0 ? [] : traceOf(from)), `${what} [${state.phase}; ${book}]`];
  };
  const find = (what: string, number: number): void => {
    if (!findings.has(what)) findings.set(what, { what, trace: traceOf(number) });
  };
  for (const [number, world] of worlds.entries()) {
    const wrong = wrongIn(world);
    if (wrong !== undefined) find(wrong, number);
    targets[number] = new Moves(world, dimensions, table).all.map(([what, next]) => {
      const key = JSON.stringify(next);
      const known = numbers.get(key);
      if (known !== undefined) return known;
      numbers.set(key, worlds.length);
      parents.push([number, what]);
      return worlds.push(next) - 1;
    });
  }
  const reaches = worlds.map(({ state }) => finalPhases.has(state.phase));
  for (let isNew = true; isNew; ) {
    isNew = false;
    for (let number = worlds.length - 1; number >= 0; number -= 1)
      if (!reaches[number] && targets[number]?.some((target) => reaches[target])) {
        reaches[number] = true;
        isNew = true;
      }
  }
  const lost = reaches.indexOf(false);
  if (lost >= 0) find('no end can be reached', lost);
  const edges = targets.reduce((sum, each) => sum + each.length, 0);
  return { states: worlds.length, edges, findings: [...findings.values()] };
}

export const refundRuns: ReadonlyArray<{ readonly name: string; readonly dimensions: RefundDimensions }> = [
  { name: 'a refund', dimensions: { crash: false, refusals: false } },
  { name: 'a refund + crash', dimensions: { crash: true, refusals: false } },
  { name: 'a refund + refusals', dimensions: { crash: false, refusals: true } },
  { name: 'a refund + crash + refusals', dimensions: { crash: true, refusals: true } },
];

/** The machine with another row where the chosen one was. */
const withRow = (
  from: RefundRow['from'],
  on: RefundEventName,
  change: Pick<RefundRow, 'to' | 'next'> & Pick<Partial<RefundRow>, 'attention'>,
): RefundTransition => machineOf([{ from, on: [on], ...change }, ...transitions]);

/** Deliberate mistakes, and what finds them. */
export const plantedRefunds: ReadonlyArray<{
  readonly name: string;
  readonly table: RefundTransition;
  readonly finds: RegExp;
}> = [
  {
    name: 'takes accepted for refunded',
    table: withRow('sending', 'send:accepted', { to: 'refunded', next: 'end' }),
    finds: /told refunded, but it is pending/,
  },
  {
    name: 'takes REFUNDNOTEXIST after silence for a no',
    table: withRow('sending', 'query:REFUNDNOTEXIST', { to: 'refused', next: 'end' }),
    finds: /told refused, but it is/,
  },
  {
    name: 'does not wait for an earlier request after a no',
    table: withRow('confirming', 'query:REFUNDNOTEXIST', { to: 'refused', next: 'end' }),
    finds: /told refused, but it is/,
  },
  {
    name: 'believes a no without a query',
    table: withRow('sending', 'send:declined', { to: 'refused', next: 'end' }),
    finds: /told refused, but it is/,
  },
  {
    name: 'has failed if it can not be sent once more',
    table: withRow('sending', 'send:unable', { to: 'failed', next: 'end' }),
    finds: /told failed, but it is/,
  },
  {
    name: 'leaves to a person what is unanswered',
    table: withRow('sending', 'send:again', {
      to: 'attention',
      next: 'end',
      attention: { code: 'by-hand', reason: 'silence' },
    }),
    finds: /to be given back by hand, but it is/,
  },
  {
    name: 'never asks how an accepted refund ends',
    table: withRow('accepted', 'query:SUCCESS', { to: 'accepted', next: 'query again' }),
    finds: /no end can be reached/,
  },
];
