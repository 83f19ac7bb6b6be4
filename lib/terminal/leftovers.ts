import { isOlder } from '../face/sdk-version.js';
import type { Clock } from '../payment/clock.js';
import type { Recognised } from './camera.js';
import type { Face } from './face.js';
import type { Recognition } from './recognition.js';
import { within } from './waiting.js';

/** Milliseconds in which a recognition that was stopped ends; and before the next one begins it has as long again. */
const stopTimeout = 3000;

interface Leftover {
  readonly recognition: Recognition;
  /** It has ended, and its screen was told. Never rejects. */
  readonly over: Promise<void>;
}

interface Parts {
  readonly face: Face;
  readonly clock: Clock;
  /** A code came all the same: its screen waits for how the sale ended. */
  readonly onCode: (recognised: Recognised, isPaid: boolean) => Promise<void>;
  /** The camera is free. */
  readonly onOver: () => Promise<void>;
  /** The service is started again: whatever was left on the screen is still there. */
  readonly onAnew: () => void;
}

/** The recognitions of sales that were decided otherwise, until they end: a stop may come too late, or do nothing. */
export class Leftovers {
  readonly #parts: Parts;
  readonly #left = new Set<Leftover>();
  #clearing: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get areNone(): boolean {
    return this.#left.size === 0;
  }

  /** Ends one. Resolves when it's over and the sale's result is known; but the recognition holds nobody up for longer than 3 s. */
  async end(recognition: Recognition, isPaid: Promise<boolean>): Promise<void> {
    recognition.stop();
    const { version } = this.#parts.face.library;
    const canStop = version === undefined || !isOlder(version, '1.23');
    const ended = within(this.#parts.clock, canStop ? stopTimeout : 0, recognition.ended);
    const left: Leftover = { recognition, over: this.#follow(recognition, isPaid) };
    this.#left.add(left);
    void left.over.then(() => this.#left.delete(left));
    await isPaid;
    await ended;
    if (recognition.isOver) await left.over;
  }

  /**
   * Before the next recognition, or the end: waits for those of earlier sales, else starts the service again. Never
   * rejects.
   */
  clear(): Promise<void> {
    this.#clearing ??= this.#clear().finally(() => {
      this.#clearing = undefined;
    });
    return this.#clearing;
  }

  async #follow(recognition: Recognition, isPaid: Promise<boolean>): Promise<void> {
    const end = await recognition.ended;
    // Given up: nothing that comes of it counts any more.
    if (recognition.isAbandoned) return;
    const { onCode, onOver } = this.#parts;
    if ('recognised' in end && end.recognised.face.return_code === 'SUCCESS')
      await onCode(end.recognised, await isPaid);
    await onOver();
  }

  async #clear(): Promise<void> {
    const { face, clock, onAnew } = this.#parts;
    const left = [...this.#left];
    if (left.length === 0) return;
    await within(clock, stopTimeout, Promise.all(left.map(({ recognition }) => recognition.ended)));
    const stuck = left.filter(({ recognition }) => !recognition.isOver);
    for (const { recognition } of stuck) recognition.abandon();
    if (stuck.length > 0) {
      onAnew();
      await face.abandon().catch(() => undefined);
    }
    await Promise.all(left.map(({ over }) => over));
  }
}
