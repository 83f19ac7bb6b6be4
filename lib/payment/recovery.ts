import { ClosedError } from '../errors.js';
import type { Journal, JournalRecord } from '../journal/journal.js';
import type { Clock } from './clock.js';
import { backoff } from './decision/policies.js';

/* What earlier runs of the program left, brought to its end. */

/** The payments, or the refunds, of a processor. */
interface Recoverable<Outcome> {
  readonly kind: JournalRecord['kind'];
  recover(id: string, whose?: 'unheard'): Promise<Outcome | undefined>;
}

type Tell<Outcome> = (outcome: Outcome) => void;

/** Milliseconds between attempts to list what a journal knows. */
const listAgain = { initial: 1_000, factor: 2, maximum: 60_000, jitter: 0 };

/** @param whose 'unheard': tells only what an earlier run left; how it goes on is heard by `onUnheard`. */
async function recoverAll<Outcome>(
  journal: Journal,
  kinds: ReadonlyArray<Recoverable<Outcome>>,
  tell: Tell<Outcome>,
  whose?: 'unheard',
): Promise<void> {
  const work: Array<Promise<void>> = [];
  const errors: unknown[] = [];
  // What fails stops none of the others.
  const collect = (error: unknown) => void errors.push(error);
  const recoverOne = async (runs: Recoverable<Outcome>, id: string) => {
    const outcome = await runs.recover(id, whose);
    if (outcome !== undefined) tell(outcome);
  };
  for (const runs of kinds)
    try {
      for await (const { id } of journal.list({ kind: runs.kind, acknowledged: false }))
        work.push(recoverOne(runs, id).catch(collect));
    } catch (error) {
      collect(error);
    }
  await Promise.all(work);
  // After close() the rest is for the next start.
  const failed = errors.filter((error) => !(error instanceof ClosedError));
  if (failed.length > 0) throw failed[0];
}

/** Recovers all, again until the journal could be listed whole. */
export async function recoverInBackground<Outcome>(
  journal: Journal,
  kinds: ReadonlyArray<Recoverable<Outcome>>,
  tell: Tell<Outcome>,
  { clock, life }: { clock: Clock; life: AbortSignal },
): Promise<void> {
  for (let attempts = 1; !life.aborted; attempts += 1) {
    // Not before whoever made this processor has it.
    await Promise.resolve();
    const isDone = await recoverAll(journal, kinds, tell, 'unheard').then(
      () => true,
      () => false,
    );
    if (isDone) return;
    await clock.sleep(backoff(listAgain, attempts), life).catch(() => undefined);
  }
}

/**
 * Recovers all; iterating only observes. Throws the journal's error after all outcomes.
 * @param silently Only taken up: nobody waits for days until their ends.
 */
export function recovered<Outcome>(
  journal: Journal,
  kinds: ReadonlyArray<Recoverable<Outcome>>,
  silently: ReadonlyArray<Recoverable<unknown>>,
): AsyncIterable<Outcome> {
  const stream = new OutcomeStream<Outcome>();
  const work = [
    recoverAll(journal, kinds, (outcome) => stream.push(outcome)),
    recoverAll(journal, silently, () => undefined, 'unheard'),
  ];
  void Promise.allSettled(work).then((results) => {
    const failed = results.find((each): each is PromiseRejectedResult => each.status === 'rejected');
    stream.end(failed === undefined ? {} : { error: failed.reason });
  });
  return stream;
}

/** Tells what comes, as it comes, to whoever iterates; loses nothing if nobody does. */
class OutcomeStream<Outcome> implements AsyncIterable<Outcome> {
  readonly #outcomes: Outcome[] = [];
  #end: { error?: unknown } | undefined;
  readonly #waiting: Array<() => void> = [];

  push(outcome: Outcome): void {
    this.#outcomes.push(outcome);
    this.#wake();
  }

  end(end: { error?: unknown }): void {
    this.#end = end;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Outcome, void, undefined> {
    for (;;) {
      const outcome = this.#outcomes.shift();
      if (outcome !== undefined) yield outcome;
      else if (this.#end === undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      else if ('error' in this.#end) throw this.#end.error;
      else return;
    }
  }
}
