import { onAbort } from '../../abort.js';
import { ClosedError } from '../../errors.js';
import { PayTransportError, type TransportFailure } from '../../pay/errors.js';
import type { Arriving } from '../../pay/http/post.js';
import type { Clock } from '../../payment/clock.js';
import { backoff, jittered } from '../../payment/decision/policies.js';
import { answerOf, type Refusal, type ServerAnswer } from './answers.js';
import type { Connection, ServerRequest } from './connection.js';

/** How long a question is repeated, in milliseconds. */
export interface Patience {
  /** While nothing of it can have arrived. */
  readonly unsent: number;
  /** Since something may have arrived, or while it's about something that has. */
  readonly inDoubt: number;
}

export interface Question<Value> {
  readonly request: ServerRequest;
  readonly patience: Patience;
  readonly signal?: AbortSignal | undefined;
  /**
   * Seconds for which the server may wait for something to tell. It's asked not to after a failure, and while others wait. Undefined: it
   * never does.
   */
  readonly wait?: number;
  /** Undefined for what can't be believed. */
  readonly read: (body: unknown) => Value | undefined;
}

/** 202: it is known there, and goes on. */
export type Said<Value> = { readonly value: Value } | { readonly isUndecided: true };

/** How one request ended. */
type End<Value> = Said<Value> | Exclude<ServerAnswer, { status: number }>;

/** The server's no. */
export class RefusedError extends Error {
  readonly refusal: Refusal;
  /** Whether an earlier request of the same question may have arrived. */
  readonly inDoubt: boolean;

  constructor(refusal: Refusal, inDoubt: boolean) {
    super(refusal.message);
    this.refusal = refusal;
    this.inDoubt = inDoubt;
  }
}

/** What an answer, or its absence, shows of the server. */
export interface Sight {
  readonly isReachable: boolean;
  readonly isLimited: boolean;
  readonly isTokenRefused: boolean;
}

const again = { initial: 200, factor: 2, maximum: 5_000, jitter: 0.2 };
/** Milliseconds for the answer, beyond what the server may wait for something to tell. */
const answerTimeout = 10_000;
/** Milliseconds between two questions of one that is undecided: a server that doesn't wait isn't asked without a pause. */
const leastPause = 500;
/** How many requests may wait there at once: the server lets four of a terminal, and one must be left for what is answered at once. */
const mostWaiting = 3;

export interface LineParts {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly onSight?: ((sight: Sight) => void) | undefined;
}

/** Asks a merchant server until it has said something that counts. The one place that repeats and waits. */
export class Line {
  readonly #parts: LineParts;
  readonly #life = new AbortController();
  #waiting = 0;

  constructor(parts: LineParts) {
    this.#parts = parts;
  }

  ensureOpen(): void {
    if (this.#life.signal.aborted) throw this.#life.signal.reason;
  }

  /**
   * @throws RefusedError; ClosedError after close()
   * @throws PayTransportError after so much patience, or an abort (`why` 'aborted'): `sent` says whether any of it may have arrived
   */
  async ask<Value>(question: Question<Value>): Promise<Said<Value>> {
    return this.#repeat(question, async (request, patience, signal) => {
      const reply = await this.#parts.connection.send(request, patience, signal);
      return believed(answerOf(reply), question.read);
    });
  }

  /** Asks until it's decided. Each answer is a new reason to be patient. @throws what {@link ask} throws */
  async askUntilDecided<Value>(question: Question<Value>): Promise<Value> {
    const { clock } = this.#parts;
    for (;;) {
      const begun = clock.monotonic();
      const said = await this.ask(question);
      if ('value' in said) return said.value;
      const early = leastPause - (clock.monotonic() - begun);
      if (early > 0) await this.#sleep(early, question.signal);
    }
  }

  /** An answer of this type that is read as it comes. @throws what {@link ask} throws */
  async open(question: Omit<Question<never>, 'read'>, contentType: string): Promise<Arriving> {
    const said = await this.#repeat<Arriving>(question, async (request, patience, signal) => {
      const arriving = await this.#parts.connection.open(request, patience, signal);
      if (arriving.status === 200 && arriving.contentType.startsWith(contentType)) return { value: arriving };
      return believed<Arriving>(answerOf({ ...arriving, body: await bodyOf(arriving) }), () => undefined);
    });
    if ('value' in said) return said.value;
    throw unbelievable();
  }

  /** A place among the requests that wait there, if there is one left. Returns how to give it back. */
  takePlace(): (() => void) | undefined {
    if (this.#waiting >= mostWaiting) return undefined;
    this.#waiting += 1;
    return () => {
      this.#waiting -= 1;
    };
  }

  /** Ends all that is asked, with ClosedError. */
  close(): void {
    this.#life.abort(new ClosedError('The merchant'));
    this.#parts.connection.close();
  }

  /** For those who ask from time to time. Ends early with an abort or close(), without an error. */
  async pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
    await this.#sleep(milliseconds, signal).catch(() => undefined);
  }

  async #repeat<Value>(
    question: Omit<Question<Value>, 'read'>,
    once: (request: ServerRequest, patience: number, signal: AbortSignal) => Promise<End<Value>>,
  ): Promise<Said<Value>> {
    const { patience, signal: given } = question;
    const { clock } = this.#parts;
    const begun = clock.monotonic();
    let inDoubt = false;
    const joined = this.#joined(given);
    try {
      for (let attempts = 1; ; attempts += 1) {
        this.ensureOpen();
        if (given?.aborted) throw aborted(inDoubt, given.reason);
        const end = await this.#once(question, attempts > 1, joined.signal, once);
        this.#see(end);
        this.ensureOpen();
        if ('value' in end || 'isUndecided' in end) return end;
        if ('refusal' in end) throw new RefusedError(end.refusal, inDoubt);
        const { failure, pause } = end;
        inDoubt ||= failure.sent;
        if (given?.aborted) throw aborted(inDoubt, given.reason);
        const wait = Math.max(pause, jittered(backoff(again, attempts), again.jitter, Math.random()));
        const limit = inDoubt ? patience.inDoubt : patience.unsent;
        if (clock.monotonic() - begun + wait > limit) throw withDoubt(failure, inDoubt);
        await clock.sleep(wait, joined.signal).catch(() => undefined);
      }
    } finally {
      joined.stop();
    }
  }

  async #once<Value>(
    { request, wait }: Omit<Question<Value>, 'read'>,
    hasFailed: boolean,
    signal: AbortSignal,
    once: (request: ServerRequest, patience: number, signal: AbortSignal) => Promise<End<Value>>,
  ): Promise<End<Value>> {
    const leave = wait !== undefined && wait > 0 && !hasFailed ? this.takePlace() : undefined;
    const seconds = leave === undefined ? 0 : (wait ?? 0);
    const path = wait === undefined ? request.path : withQuery(request.path, `wait=${seconds}`);
    try {
      return await once({ ...request, path }, answerTimeout + seconds * 1_000, signal);
    } catch (error) {
      if (error instanceof PayTransportError) return { failure: error, pause: 0 };
      throw error;
    } finally {
      leave?.();
    }
  }

  async #sleep(milliseconds: number, given: AbortSignal | undefined): Promise<void> {
    const joined = this.#joined(given);
    try {
      await this.#parts.clock.sleep(milliseconds, joined.signal);
    } catch {
      this.ensureOpen();
      throw aborted(true, given?.reason);
    } finally {
      joined.stop();
    }
  }

  /** The caller's signal, and the end of it all. */
  #joined(signal: AbortSignal | undefined): { signal: AbortSignal; stop: () => void } {
    const joined = new AbortController();
    const ignore = [this.#life.signal, signal].map((each) => onAbort(each, () => joined.abort(each?.reason)));
    return {
      signal: joined.signal,
      stop: () => {
        for (const stop of ignore) stop();
      },
    };
  }

  #see(end: End<unknown>): void {
    const why = 'failure' in end ? end.failure.why : undefined;
    if (why === 'aborted') return;
    const isLimited = why === 'limit';
    const isTokenRefused = 'refusal' in end && end.refusal.status === 401;
    this.#parts.onSight?.({ isReachable: !('failure' in end) || isLimited, isLimited, isTokenRefused });
  }
}

const withQuery = (path: string, query: string): string => `${path}${path.includes('?') ? '&' : '?'}${query}`;

const unbelievable = (): PayTransportError =>
  new PayTransportError('the merchant server answered what was not asked for', true, { why: 'broken' });

function believed<Value>(answer: ServerAnswer, read: (body: unknown) => Value | undefined): End<Value> {
  if (!('status' in answer)) return answer;
  if (answer.status === 202) return { isUndecided: true };
  const value = read(answer.body);
  return value === undefined ? { failure: unbelievable(), pause: 0 } : { value };
}

const aborted = (inDoubt: boolean, reason: unknown): PayTransportError =>
  new PayTransportError('the merchant server is no longer waited for', inDoubt, { why: 'aborted', cause: reason });

/** What several requests of one question come to. */
function withDoubt({ message, why, sent }: PayTransportError, inDoubt: boolean): PayTransportError {
  const note = inDoubt && !sent ? `${message}; an earlier request may have arrived` : message;
  const cause: { why?: TransportFailure } = why === undefined ? {} : { why };
  return new PayTransportError(note, inDoubt, cause);
}

/** Bytes of a refusal. */
const mostRefusal = 64 * 1_024;

async function bodyOf(arriving: Arriving): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of arriving.chunks) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > mostRefusal) break;
  }
  return Buffer.concat(chunks);
}
