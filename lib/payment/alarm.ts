import { type Clock, stillness } from './clock.js';

/** Who is to be woken. */
export interface Sleeper {
  /** By the monotonic clock; set by the alarm. */
  due: number;
  /** @param isLate The program stood still: what came meanwhile may lie unread. */
  readonly wake: (isLate: boolean) => void;
}

/** How many microtasks pass before there is a timer: what is over by then, as with a journal in memory, needs none. */
const moments = 10;

/** One for all: the error that abort() would make, with its stack, is expensive. */
const unneeded = new Error('Nobody waits any more');

/** One timer for all that wait equally long, so that thousands who wait cost little: they are due in the order in which they came. */
export class Alarm {
  readonly #clock: Clock;
  readonly #wait: number;
  readonly #sleepers = new Set<Sleeper>();
  readonly #onIdle: () => void;
  #isRunning = false;
  #timer: AbortController | undefined;

  /** @param wait Milliseconds. @param onIdle Called when nobody waits any more. */
  constructor(clock: Clock, wait: number, onIdle = () => {}) {
    this.#clock = clock;
    this.#wait = wait;
    this.#onIdle = onIdle;
  }

  /** From now on. */
  set(sleeper: Sleeper): void {
    sleeper.due = this.#clock.monotonic() + this.#wait;
    this.#sleepers.add(sleeper);
    if (!this.#isRunning) void this.#run();
  }

  stop(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper);
    if (this.#sleepers.size === 0) this.#timer?.abort(unneeded);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let moment = 0; moment < moments && this.#sleepers.size > 0; moment += 1) await undefined;
    for (let [first] = this.#sleepers; first !== undefined; [first] = this.#sleepers) {
      const timer = new AbortController();
      this.#timer = timer;
      // Whole, so that the moment has come when the timer rings, whatever is lost in a sum.
      const rest = Math.max(0, Math.ceil(first.due - this.#clock.monotonic()));
      await this.#clock.sleep(rest, timer.signal).catch((error: unknown) => {
        if (!timer.signal.aborted) throw error;
      });
      this.#wakeThoseDue();
    }
    this.#isRunning = false;
    this.#onIdle();
  }

  #wakeThoseDue(): void {
    const now = this.#clock.monotonic();
    for (const sleeper of this.#sleepers) {
      if (sleeper.due > now) return;
      this.#sleepers.delete(sleeper);
      sleeper.wake(now > sleeper.due + stillness);
    }
  }
}

/** One pause, until it wakes somebody. */
export class Pause implements Sleeper {
  due = 0;
  readonly wake: () => void;
  readonly #alarm: Alarm;

  constructor(alarm: Alarm, wake: () => void) {
    this.#alarm = alarm;
    this.wake = wake;
    alarm.set(this);
  }

  /** It wakes nobody any more. */
  end(): void {
    this.#alarm.stop(this);
  }
}

/** Pauses of any length, by the alarms of those lengths for which somebody waits. */
export class Pauses {
  readonly #clock: Clock;
  readonly #alarms = new Map<number, Alarm>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param wait Milliseconds. */
  begin(wait: number, wake: () => void): Pause {
    const alarm = this.#alarms.get(wait) ?? new Alarm(this.#clock, wait, () => this.#alarms.delete(wait));
    this.#alarms.set(wait, alarm);
    return new Pause(alarm, wake);
  }
}
