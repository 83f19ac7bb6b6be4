import { type EventName, finalPhases } from '../../../lib/payment/decision/states.js';
import {
  always,
  type Dimensions,
  type Emit,
  never,
  queryAnswers,
  reversals,
  strangers,
  wells,
} from './gateway-model.js';
import type { Minds, Told } from './minds.js';
import { idle, type World } from './world.js';

/* What the till's driver does (payment-run.ts, on run.ts): it performs what the real machine says, and feeds back what happened, at any time. */

type Heard = Omit<Told, 'age' | 'isQuiet'>;

/** The client has the payment request. */
const isRunning = ({ request }: World): boolean => request === 'begun' || request === 'left';

/** Its request was made by this run of the program, which knows how long ago. */
const isOfThisRun = ({ crashes, isAdopted }: World): boolean => crashes === 0 && isAdopted === 0;

const worded = (on: EventName, verified: boolean): string => `${on}${verified ? '' : ', unverified'}`;

export class TillModel {
  readonly #minds: Minds;
  readonly #dimensions: Dimensions;

  constructor(minds: Minds, dimensions: Dimensions) {
    this.#minds = minds;
    this.#dimensions = dimensions;
  }

  /** Everything that the till, its clock and its people may do. */
  moves(world: World, emit: Emit): void {
    if (world.isDown) this.#restart(world, emit);
    else {
      const isFinal = finalPhases.has(this.#phase(world));
      this.#clock(world, isFinal, emit);
      this.#die(world, isFinal, emit);
      if (isFinal) this.#cancelEnded(world, emit);
      else this.#goOn(world, emit);
    }
  }

  #goOn(world: World, emit: Emit): void {
    this.#request(world, emit);
    this.#giveUp(world, emit);
    if (world.call === 'query') this.#query(world, emit);
    if (world.call === 'reverse') this.#reverse(world, emit);
  }

  /** One event into the machine, and what its driver does then. */
  #feed(world: World, heard: Heard, asked: Pick<World, 'age' | 'isQuiet'> = world): World {
    const before = this.#minds.mind(world.mind).phase;
    const step = this.#minds.hear(world.mind, { ...heard, age: asked.age, isQuiet: this.#isQuiet(asked) });
    const { mind } = step;
    const { phase } = this.#minds.mind(mind);
    const wasGivenUp = heard.on === 'abort' || heard.on === 'cancel' ? 1 : world.wasGivenUp;
    if (phase !== before && finalPhases.has(phase)) return { ...this.#end(world), mind, wasGivenUp };
    const hasDeadline = phase === before || phase === 'polling' || phase === 'confirming' ? world.hasDeadline : 0;
    const wasReversing = phase === 'reversing' ? 1 : world.wasReversing;
    const entered = { mind, wasGivenUp, hasDeadline, wasReversing } as const;
    switch (step.do) {
      case 'continue':
        return { ...world, ...entered };
      case 'end':
        return { ...world, ...entered, ...idle };
      case 'submit':
        // It was sent at its beginning, before anything was fed.
        return { ...world, ...entered, ...idle, request: 'again' };
      default:
        return { ...world, ...entered, ...idle, call: step.do, mustWait: step.mustWait, isFresh: step.isFresh };
    }
  }

  /** Everything stops; what has left goes on without the till. */
  #end(world: World): World {
    return { ...world, ...idle, hasDeadline: 0, withdrawal: 'none', isGraceOver: 0, request: 'ended', answer: 'none' };
  }

  #isQuiet({ age, isQuiet }: Pick<World, 'age' | 'isQuiet'>): boolean {
    return this.#dimensions.unbounded ? isQuiet === 1 : age === 'settled';
  }

  #phase(world: World) {
    return this.#minds.mind(world.mind).phase;
  }

  #clock(world: World, isFinal: boolean, emit: Emit): void {
    const { age, mind, network } = world;
    // Time that nobody will ask for.
    if (isFinal && !(this.#mayCancel(world) && isOfThisRun(world))) return;
    if (world.request === 'waiting') return;
    const { unbounded } = this.#dimensions;
    // After settleAfter nothing of a request can be under way that has a bound, or that ended so long ago.
    const isOver = network !== 'under way' && !isRunning(world);
    if (age === 'early') emit('notBefore passes', { ...world, age: 'reversible' }, always);
    if (age === 'reversible') emit('polling.timeout passes', { ...world, age: 'overdue' }, always);
    if (age === 'overdue' && (unbounded || isOver)) emit('settleAfter passes', { ...world, age: 'settled' }, always);
    if (age === 'settled' && unbounded && isOver && !world.isQuiet)
      emit('settleAfter passes since the request ended', { ...world, isQuiet: 1 }, always);
    if (isFinal) return;
    if (world.hasDeadline && (age === 'overdue' || age === 'settled')) {
      const fired = { ...world, hasDeadline: 0 } as const;
      emit('the deadline fires', this.#feed(fired, { on: 'timeout' }), always);
      if (this.#dimensions.stillness) {
        const late = this.#feed(fired, { on: 'timeout', late: true });
        // What came meanwhile is to be read first.
        const isDecided = this.#phase(late) === 'reversing' ? 'decided by a timer that came late' : undefined;
        emit('the deadline fires late', late, never, isDecided);
      }
    }
    if (age !== 'settled') return;
    for (const what of ['refused', 'certificate'] as const) {
      const older = this.#minds.older(mind, what);
      if (older !== mind) emit(`settleAfter passes, all ${what}`, { ...world, mind: older }, always);
    }
  }

  #die(world: World, isFinal: boolean, emit: Emit): void {
    if (!this.#dimensions.crash || world.crashes === 2) return;
    const crashes = world.crashes === 0 ? 1 : 2;
    // Whoever takes it up again counts anew.
    const forgotten = { crashes, age: 'early', isQuiet: 0, mind: this.#minds.forgetful(world.mind) } as const;
    if (isFinal) emit('the till dies after its end', { ...world, ...forgotten }, never);
    else emit('the till dies', { ...this.#end(world), ...forgotten, isDown: 1 }, never);
  }

  #restart(world: World, emit: Emit): void {
    const hasDeadline = this.#phase(world) === 'reversing' ? 0 : 1;
    emit('the till starts again', this.#feed({ ...world, isDown: 0, hasDeadline }, { on: 'restart' }), always);
  }

  #mayCancel({ cancels }: World): boolean {
    return this.#dimensions['two cancels'] && cancels < 2;
  }

  #cancelEnded(world: World, emit: Emit): void {
    if (!this.#mayCancel(world)) return;
    const cancels = world.cancels === 0 ? 1 : 2;
    const given = this.#feed({ ...world, cancels, isQuiet: 0 }, { on: 'cancel' });
    if (this.#phase(given) !== this.#phase(world)) emit('cancel()', given, never);
  }

  #giveUp(world: World, emit: Emit): void {
    const give = (on: 'abort' | 'cancel', counted: World): void => {
      if (world.request === 'waiting') emit(`${on}, nothing sent`, this.#feed(counted, { on: 'withdraw' }), never);
      else if (world.request !== 'begun') emit(on, this.#feed(counted, { on }), never);
      else if (world.withdrawal === 'none') emit(`${on} on the way`, { ...counted, withdrawal: on }, never);
    };
    if (this.#dimensions.abort && world.aborts === 0 && world.crashes === 0) give('abort', { ...world, aborts: 1 });
    if (this.#mayCancel(world)) give('cancel', { ...world, cancels: world.cancels === 0 ? 1 : 2 });
    if (world.withdrawal !== 'none' && !world.isGraceOver)
      emit('the withdrawal takes long', this.#feed({ ...world, isGraceOver: 1 }, { on: world.withdrawal }), always);
  }

  /** The payment request, from the till's side. */
  #request(world: World, emit: Emit): void {
    const { request, network, answer, withdrawal } = world;
    const { unbounded, refusals } = this.#dimensions;
    if (request === 'waiting') {
      emit('the request is handed to its client', { ...world, request: 'begun', hasDeadline: 1 }, always);
      emit('the request is too late', this.#ended(world, { on: 'submit:not-sent' }), never);
    }
    const hasLeft = network !== 'not left';
    if (request === 'begun' && !hasLeft) {
      const isWanted = withdrawal === 'none' && this.#phase(world) === 'submitting';
      emit('the request is not sent', this.#ended(world, { on: 'submit:not-sent' }), isWanted ? never : always);
      if (unbounded) emit('the request leaves unasked', { ...world, network: 'under way' }, always);
      if (isWanted) emit('the request leaves', { ...world, request: 'left', network: 'under way' }, always);
    }
    if (!isRunning(world) || (!hasLeft && !unbounded)) return;
    const hear = (on: EventName, verified: boolean, where: number): void =>
      emit(worded(on, verified), this.#ended(world, { on, verified }), where);
    if (answer === 'paid') hear('submit:paid', true, always);
    if (answer === 'declined') hear('submit:declined', true, always);
    if (answer === 'taken') hear('submit:taken', true, always);
    const isUnknown = network === 'over' && answer === 'none' ? always : never;
    hear('submit:unclear', true, isUnknown);
    hear('submit:unclear', false, isUnknown);
    if (!refusals) return;
    hear('submit:refused', false, wells.refused);
    hear('submit:limited', false, never);
  }

  #ended(world: World, heard: Heard): World {
    const { withdrawal } = world;
    const ended = { ...world, request: 'ended', answer: 'none', withdrawal: 'none', isGraceOver: 0 } as const;
    if (withdrawal === 'none') return this.#feed(ended, heard);
    if (heard.on === 'submit:not-sent') return this.#feed(ended, { on: 'withdraw' });
    return this.#feed(this.#feed(ended, { on: withdrawal }), heard);
  }

  #mayCall({ mustWait, age, request }: World): boolean {
    if (mustWait === 'no') return true;
    return (mustWait === 'for the request' || age !== 'early') && request !== 'begun' && request !== 'left';
  }

  #query(world: World, emit: Emit): void {
    const { stage, age, askedAge, askedQuiet, isFresh, copy, book } = world;
    if (stage === 'waiting') {
      if (this.#mayCall(world))
        emit(
          `a query leaves${isFresh ? ', over a connection of its own' : ''}`,
          { ...world, stage: 'sent', askedAge: age, askedQuiet: this.#isQuiet(world) ? 1 : 0 },
          always,
        );
      return;
    }
    const hear = (on: EventName, verified: boolean, where: number, what = worded(on, verified)): void => {
      const isTelling = /^query:(?!silent|refused|limited)/.test(on) && (on !== 'query:ORDERNOTEXIST' || isFresh === 1);
      const heard = { on, verified, fresh: isFresh === 1 };
      const done = { ...world, ...idle, isConfirmed: isTelling ? 1 : world.isConfirmed } as const;
      emit(what, this.#feed(done, heard, { age: askedAge, isQuiet: askedQuiet }), where);
    };
    hear('query:silent', false, never);
    if (stage === 'answered') {
      // A refundquery tells whose a REFUND is.
      const isReturned =
        book === 'given back, shown as REFUND' && copy === 'REFUND' && this.#phase(world) === 'reversing';
      if (isReturned) hear('query:returned', true, always);
      else if (copy !== 'nothing') hear(`query:${copy}`, true, always);
      return;
    }
    emit(
      `the query is answered ${queryAnswers[book]}`,
      { ...world, stage: 'answered', copy: queryAnswers[book] },
      wells.well | wells.uncertified,
    );
    hear('query:silent', true, never);
    if (isFresh === 0) {
      hear('query:ORDERNOTEXIST', true, never, "another order's ORDERNOTEXIST");
      if (copy !== 'nothing') hear(`query:${copy}`, true, never, `a copy of an earlier answer: ${copy}`);
    }
    if (!this.#dimensions.refusals) return;
    hear('query:refused', false, wells.refused);
    hear('query:limited', false, never);
    hear('query:limited', true, never);
  }

  /** With a reversal that leaves. */
  #wrongWith(world: World): string | undefined {
    const phase = this.#phase(world);
    if (phase !== 'reversing') return `a reversal left in ${phase}`;
    if (world.age === 'early') return 'a reversal left too early';
    return world.isConfirmed ? undefined : 'a reversal left before a query had told where our order stands';
  }

  #reverse(world: World, emit: Emit): void {
    const { stage, said, book } = world;
    if (stage === 'waiting') {
      if (!this.#mayCall(world)) return;
      emit('a reversal leaves', { ...world, stage: 'sent', hasReversalUnderWay: 1 }, always, this.#wrongWith(world));
      return;
    }
    const hear = (on: EventName, verified: boolean, where: number, what = worded(on, verified)): void =>
      emit(what, this.#feed({ ...world, ...idle }, { on, verified }), where);
    hear('reverse:again', false, never);
    if (stage === 'answered') {
      hear(said === 'done' ? 'reverse:done' : 'reverse:again', true, always);
      return;
    }
    hear('reverse:done', true, never, "a copy of an earlier reversal's answer: done");
    for (const [becomes, answer, where] of reversals(book, this.#dimensions))
      emit(
        `the reversal arrives: ${becomes}, answer ${answer}`,
        { ...world, book: becomes, stage: 'answered', said: answer },
        where,
        strangers(book),
      );
    if (this.#dimensions['reverse-expire']) hear('reverse:expired', true, never);
    if (!this.#dimensions.refusals) return;
    hear('reverse:refused', false, wells.refused);
    hear('reverse:limited', false, never);
    hear('reverse:limited', true, never);
    hear('reverse:certificate', false, wells.uncertified);
    hear('reverse:unable', false, never);
  }
}
