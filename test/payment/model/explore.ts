import { type Transition, transition } from '../../../lib/payment/decision/machine.js';
import { finalPhases, type Phase, remembered, submitting } from '../../../lib/payment/decision/states.js';
import { type Dimensions, networkMoves, wells } from './gateway-model.js';
import { type Mind, Minds } from './minds.js';
import { TillModel } from './till-model.js';
import { books, firstWorld, packFirst, packSecond, unpack, type World } from './world.js';

/* Every state that can be reached, breadth first, so that what goes wrong is shown by the shortest way to it. */

export interface Finding {
  readonly what: string;
  /** What happened, from the beginning to it. */
  readonly trace: readonly string[];
}

export interface Explored {
  readonly states: number;
  readonly edges: number;
  readonly minds: number;
  readonly findings: readonly Finding[];
}

/** Numbers that grow without an object for each. */
class Column {
  #numbers: Uint32Array;
  length = 0;

  constructor(size = 1 << 16) {
    this.#numbers = new Uint32Array(size);
  }

  push(number: number): void {
    if (this.length === this.#numbers.length) {
      const larger = new Uint32Array(2 * this.length);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.length] = number;
    this.length += 1;
  }

  at(index: number): number {
    return this.#numbers[index] ?? 0;
  }
}

/** The states that were met, numbered as they came. */
class Visited {
  readonly first = new Column();
  readonly second = new Column();
  #slots = new Uint32Array(1 << 17);

  get size(): number {
    return this.first.length;
  }

  /** Its number; `size` before the call if it is new. */
  add(one: number, two: number): number {
    if (2 * this.size >= this.#slots.length) this.#grow();
    const slot = this.#find(one, two);
    const known = this.#slots[slot] ?? 0;
    if (known > 0) return known - 1;
    this.first.push(one);
    this.second.push(two);
    this.#slots[slot] = this.size;
    return this.size - 1;
  }

  #find(one: number, two: number): number {
    const mask = this.#slots.length - 1;
    let hash = Math.imul(one ^ Math.imul(two, 0x9e3779b1), 0x85ebca6b);
    hash ^= hash >>> 15;
    let slot = Math.imul(hash, 0xc2b2ae35) & mask;
    for (;;) {
      const number = this.#slots[slot] ?? 0;
      if (number === 0 || (this.first.at(number - 1) === one && this.second.at(number - 1) === two)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length);
    for (let index = 0; index < this.size; index += 1)
      this.#slots[this.#find(this.first.at(index), this.second.at(index))] = index + 1;
  }
}

/** What may bring a payment before a person. */
const isFor: Readonly<Record<string, (world: World, dimensions: Dimensions) => boolean>> = {
  'number-taken': ({ book }) => book === "a stranger's",
  'not-ours': ({ book }) => book === "a stranger's",
  'refunded-elsewhere': (_world, { refund }) => refund,
  refused: (_world, { refusals }) => refusals,
  certificate: (_world, { refusals }) => refusals,
  unreadable: ({ isAdopted }) => isAdopted === 1,
  'reverse-expired': (_world, dimensions) => dimensions['reverse-expire'],
};

/** What is wrong with a state: words and money part. */
function wrongIn(world: World, { phase, attention }: Mind, dimensions: Dimensions): string | undefined {
  const { book, network, request, wasReversing, wasGivenUp } = world;
  if (request === 'again') return 'the payment request leaves twice';
  switch (phase) {
    case 'paid':
      if (wasReversing) return 'told paid after reversing was told';
      if (wasGivenUp) return 'told paid after it was given up';
      return book === 'SUCCESS' || book === 'REFUND' ? undefined : `told paid, but it is ${book}`;
    case 'failed':
    case 'cancelled':
      return network === 'not left' ? undefined : `told ${phase}, though the request has left`;
    case 'declined':
    case 'reversed':
      return book === 'SUCCESS' || book === 'REFUND' ? `told ${phase}, but it is ${book}` : undefined;
    case 'attention':
      return isFor[attention]?.(world, dimensions) ? undefined : `attention for nothing: ${attention}`;
    default:
      return undefined;
  }
}

/** Over for the till, with nothing under way. */
const isEnd = (world: World, phase: Phase): boolean =>
  finalPhases.has(phase) && world.network !== 'under way' && world.hasReversalUnderWay === 0;

/** The graph, as far as it can be seen from the first states. */
class Exploration {
  readonly #dimensions: Dimensions;
  readonly #minds: Minds;
  readonly #till: TillModel;
  readonly #visited = new Visited();
  /** By which edge a state was met first: from where, and what. */
  readonly #parents = new Column();
  readonly #causes = new Column();
  readonly #words = new Map<string, number>();
  /** The edges, state after state: to where, and in which good worlds; and where those of a state begin. */
  readonly #targets = new Column();
  readonly #wheres = new Column();
  readonly #begins = new Column();
  /** Bits of the good worlds in which a state is an end. */
  readonly #ends = new Column();
  readonly #findings = new Map<string, Finding>();

  constructor(dimensions: Dimensions, table: Transition) {
    this.#dimensions = dimensions;
    this.#minds = new Minds(table);
    this.#till = new TillModel(this.#minds, dimensions);
  }

  run(isEnough: (findings: readonly Finding[]) => boolean): Explored {
    const mind = this.#minds.add(submitting);
    this.#meet({ ...firstWorld, mind }, 0, 'a new number');
    this.#meet({ ...firstWorld, mind, book: "a stranger's" }, 1, "another sale's number");
    if (this.#dimensions['two cancels']) this.#adopt();
    for (let number = 0; number < this.#visited.size; number += 1) {
      this.#expand(number);
      if (this.#findings.size > 0 && isEnough([...this.#findings.values()])) return this.#result();
    }
    this.#begins.push(this.#targets.length);
    this.#checkEnds();
    return this.#result();
  }

  /** An order that another program sold is given up here. */
  #adopt(): void {
    const facts = { attention: 'unreadable', reason: '', resumable: true } as const;
    const mind = this.#minds.add(remembered('attention', facts));
    const adopted: World = { ...firstWorld, mind, request: 'ended', isAdopted: 1, network: 'over' };
    for (const book of books)
      if (book !== "a stranger's" && (this.#dimensions.refund || !/REFUND/.test(book)))
        this.#meet({ ...adopted, book }, this.#visited.size, `an order of another program: ${book}`);
    this.#meet({ ...adopted, network: 'under way' }, this.#visited.size, 'an order of another program, under way');
  }

  #result(): Explored {
    const findings = [...this.#findings.values()];
    return { states: this.#visited.size, edges: this.#targets.length, minds: this.#minds.count, findings };
  }

  #world(number: number): World {
    return unpack(this.#visited.first.at(number), this.#visited.second.at(number));
  }

  #meet(world: World, from: number, what: string): number {
    const before = this.#visited.size;
    const number = this.#visited.add(packFirst(world), packSecond(world));
    if (number < before) return number;
    let cause = this.#words.get(what);
    if (cause === undefined) {
      cause = this.#words.size;
      this.#words.set(what, cause);
    }
    this.#parents.push(from);
    this.#causes.push(cause);
    const mind = this.#minds.mind(world.mind);
    this.#ends.push(isEnd(world, mind.phase) ? 1 : 0);
    const wrong = wrongIn(world, mind, this.#dimensions);
    if (wrong !== undefined) this.#find(wrong, number);
    return number;
  }

  #expand(number: number): void {
    const world = this.#world(number);
    this.#begins.push(this.#targets.length);
    const emit = (what: string, next: World, where: number, wrong?: string) => {
      const target = this.#meet(next, number, what);
      if (wrong !== undefined) this.#find(wrong, number, what);
      if (target === number) return;
      this.#targets.push(target);
      this.#wheres.push(where);
    };
    networkMoves(world, this.#dimensions, emit);
    this.#till.moves(world, emit);
  }

  #find(what: string, number: number, ...after: string[]): void {
    if (!this.#findings.has(what)) this.#findings.set(what, { what, trace: [...this.#trace(number), ...after] });
  }

  #trace(number: number): string[] {
    const words = [...this.#words.keys()];
    const trace: string[] = [];
    for (let at = number; ; at = this.#parents.at(at)) {
      const world = this.#world(at);
      const { phase } = this.#minds.mind(world.mind);
      trace.push(`${words[this.#causes.at(at)]} [${phase}; ${world.age}; ${world.book}]`);
      if (this.#parents.at(at) === at) return trace.reverse();
    }
  }

  /** In each good world an end can be reached from everywhere: searched backwards, until nothing is added. */
  #checkEnds(): void {
    const { size } = this.#visited;
    const reaches = new Uint8Array(size);
    const all = Object.values(wells).reduce((sum, bit) => sum | bit, 0);
    for (let number = 0; number < size; number += 1) if (this.#ends.at(number) === 1) reaches[number] = all;
    for (let isNew = true; isNew; ) {
      isNew = false;
      for (let number = size - 1; number >= 0; number -= 1) {
        const before = reaches[number] ?? 0;
        if (before === all) continue;
        let after = before;
        const end = this.#begins.at(number + 1);
        for (let edge = this.#begins.at(number); edge < end; edge += 1)
          after |= (reaches[this.#targets.at(edge)] ?? 0) & this.#wheres.at(edge);
        if (after === before) continue;
        reaches[number] = after;
        isNew = true;
      }
    }
    for (const [name, bit] of Object.entries(wells)) {
      if (name !== 'well' && !this.#dimensions.refusals) continue;
      for (let number = 0; number < size; number += 1)
        if (((reaches[number] ?? 0) & bit) === 0) {
          this.#find(`no end can be reached, if all is ${name}`, number);
          break;
        }
    }
  }
}

/**
 * Visits every state.
 * @param isEnough Whether to stop at these findings; by default never.
 */
export const explore = (
  dimensions: Dimensions,
  table: Transition = transition,
  isEnough: (findings: readonly Finding[]) => boolean = () => false,
): Explored => new Exploration(dimensions, table).run(isEnough);
