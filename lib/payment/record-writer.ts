import { call } from '../concurrency.js';
import { ClosedError } from '../errors.js';
import { CancelRequestedError, JournalError } from '../journal/errors.js';
import { isSameWrite, type Journal, type JournalRecord } from '../journal/journal.js';
import type { Clock } from './clock.js';
import { backoff, jittered, type Policies } from './decision/policies.js';
import { type Patience, SilentJournalError } from './patience.js';
import type { Waiters } from './waiters.js';

interface Around {
  readonly journal: Journal;
  readonly patience: Patience;
  readonly clock: Clock;
  readonly policies: Policies;
  /** From 0 to 1, for the jitter. */
  readonly random: () => number;
}

/** The run whose records they are. */
interface Writing {
  readonly isOver: boolean;
  /** Aborts when it is over. */
  readonly life: AbortSignal;
  /** The journal begins to fail. */
  onFault(): void;
}

/** Whether a write failed since another process has the record now. */
export const isLost = (error: unknown): boolean => error instanceof JournalError && error.code === 'ERR_JOURNAL_LOST';

/** Writes the records of one run, each until it is stored: whoever waits must not wait for a disk. */
export class RecordWriter {
  /** What the journal did, if it failed last. */
  fault: { readonly error: unknown; readonly isSilent: boolean } | undefined;
  readonly #around: Around;
  readonly #run: Writing;
  readonly #waiters: Pick<Waiters<never>, 'reject'>;

  /** @param run Its end ends the attempts. */
  constructor(around: Around, run: Writing, waiters: Pick<Waiters<never>, 'reject'>) {
    this.#around = around;
    this.#run = run;
    this.#waiters = waiters;
  }

  /**
   * Resolves when the record is stored.
   * @param wasOver It had ended, and is to be given up: if that can't be written down, it stays what it was.
   * @throws the journal's error if it can't be: it was closed, or has another record, or has lost it to another process, or has
   * a cancel() of which the record knows nothing.
   */
  async write(record: JournalRecord, wasOver: boolean): Promise<void> {
    const { journal, patience } = this.#around;
    for (let attempts = 1; ; attempts += 1) {
      try {
        await patience(journal.put(record), (error) => this.#goOn(error));
        break;
      } catch (error) {
        // The journal is well: something else is to be decided.
        if (error instanceof CancelRequestedError) throw error;
        this.#fails(error);
        if (this.#run.isOver || error instanceof ClosedError || isLost(error)) throw error;
        if (!wasOver) await this.#pauseAfter(attempts);
        let found = await readBack(this.#around, record);
        for (; wasOver && found === 'unknown'; found = await readBack(this.#around, record))
          await this.#pauseAfter(attempts++);
        if (found === 'stored') break;
        if (wasOver || found === 'another') throw error;
      }
    }
    this.fault = undefined;
  }

  /** A silent journal may still store it: that is waited for. */
  #goOn(error: SilentJournalError): boolean {
    if (this.#run.isOver) return false;
    this.#fails(error);
    return true;
  }

  #fails(error: unknown): void {
    const isSilent = error instanceof SilentJournalError;
    const isNew = this.fault === undefined;
    this.fault = { error, isSilent };
    if (isNew && !isLost(error)) this.#run.onFault();
    if (isSilent) this.#waiters.reject(error, 'brief', 'patient');
  }

  async #pauseAfter(attempts: number): Promise<void> {
    const { clock, policies, random } = this.#around;
    this.#waiters.reject(this.fault?.error, 'brief');
    const wait = backoff(policies.reversal.backoff, attempts);
    await clock.sleep(jittered(wait, policies.reversal.backoff.jitter, random()), this.#run.life);
  }
}

/** Writes the next record of what nobody runs here. False if it has gone on meanwhile: it's to be read again. */
export async function putNext(around: Pick<Around, 'journal' | 'patience'>, next: JournalRecord): Promise<boolean> {
  try {
    await around.patience(call(() => around.journal.put(next)));
    return true;
  } catch (error) {
    if (isLost(error)) return false;
    const found = await readBack(around, next);
    if (found === 'stored') return true;
    if (found === 'another') return false;
    throw error;
  }
}

/** After a put that failed: whether it was stored all the same, or another write came first. */
async function readBack(
  { journal, patience }: Pick<Around, 'journal' | 'patience'>,
  record: JournalRecord,
): Promise<'stored' | 'not-stored' | 'another' | 'unknown'> {
  try {
    if (journal.isStored !== undefined && (await patience(journal.isStored(record)))) return 'stored';
    const stored = await patience(call(() => journal.get(record.kind, record.id)));
    if (stored === undefined) return 'unknown';
    if (journal.isStored === undefined && isSameWrite(stored, record)) return 'stored';
    return stored.revision === record.revision - 1 ? 'not-stored' : 'another';
  } catch {
    return 'unknown';
  }
}
