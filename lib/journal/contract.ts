import { deepStrictEqual, ok, rejects } from 'node:assert/strict';
import type { Journal, JournalFilter } from './journal.js';
import { record } from './sample-record.js';

/** One thing that a journal must do. */
export interface ContractCase {
  /** A sentence that goes on from "a journal". */
  readonly name: string;
  /** Rejects with an AssertionError if the journal doesn't do it. */
  run(): Promise<void>;
}

async function listed(journal: Journal, filter?: JournalFilter): Promise<string[]> {
  const found: string[] = [];
  for await (const { kind, id } of journal.list(filter)) found.push(`${kind} ${id}`);
  return found.sort();
}

const refuses = (promise: Promise<unknown>, code: string): Promise<void> => rejects(promise, { code });

const isDone = (result: PromiseSettledResult<unknown>): boolean => result.status === 'fulfilled';

type Case = (journal: Journal) => Promise<void>;

const cases: Readonly<Record<string, Case>> = {
  'gives back what it was given, and nothing for a number that it never saw': async (journal) => {
    await journal.create(record('A'));
    deepStrictEqual(await journal.get('payment', 'A'), record('A'));
    deepStrictEqual(await journal.get('payment', 'B'), undefined);
  },

  'keeps a number of any letters, and a record of any length up to 500 KB': async (journal) => {
    const ids = ['付款', 'a"b', 'a\\b', 'a b', 'a\tb', '|*_-', 'x'.repeat(64)];
    for (const id of ids) await journal.create(record(id, { state: 'paid', finished: true }));
    const long = record('long', { data: { note: '付'.repeat(166_000) } });
    await journal.create(long);
    for (const id of ids)
      deepStrictEqual(await journal.get('payment', id), record(id, { state: 'paid', finished: true }));
    deepStrictEqual(await journal.get('payment', 'long'), long);
  },

  'keeps a payment and a refund of one number apart': async (journal) => {
    await journal.create(record('A'));
    await journal.create(record('A', { kind: 'refund', state: 'refunding' }));
    await journal.put(record('A', { kind: 'refund', revision: 2, state: 'refunded', finished: true }));
    deepStrictEqual((await journal.get('payment', 'A'))?.state, 'submitting');
    deepStrictEqual((await journal.get('refund', 'A'))?.state, 'refunded');
    deepStrictEqual(await listed(journal, { kind: 'refund' }), ['refund A']);
    deepStrictEqual(await listed(journal, { kind: 'payment' }), ['payment A']);
  },

  'takes one of many concurrent payments of one number': async (journal) => {
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => journal.create(record('A'))));
    deepStrictEqual(results.filter(isDone).length, 1);
    for (const result of results)
      if (result.status === 'rejected') deepStrictEqual(result.reason.code, 'ERR_ORDER_EXISTS');
    await refuses(journal.create(record('A')), 'ERR_ORDER_EXISTS');
  },

  'takes many numbers at once': async (journal) => {
    const ids = Array.from({ length: 100 }, (_, index) => `N${index}`);
    await Promise.all(ids.map((id) => journal.create(record(id))));
    await Promise.all(ids.map((id) => journal.put(record(id, { revision: 2, state: 'paid', finished: true }))));
    deepStrictEqual((await listed(journal, { finished: true })).length, 100);
    deepStrictEqual((await journal.get('payment', 'N7'))?.revision, 2);
  },

  'refuses an update that would undo another': async (journal) => {
    await journal.create(record('A'));
    await journal.put(record('A', { revision: 2, state: 'polling' }));
    for (const revision of [1, 2, 4]) await rejects(journal.put(record('A', { revision })));
    const both = await Promise.allSettled([
      journal.put(record('A', { revision: 3, state: 'paid' })),
      journal.put(record('A', { revision: 3, state: 'reversing' })),
    ]);
    deepStrictEqual(both.filter(isDone).length, 1);
    deepStrictEqual((await journal.get('payment', 'A'))?.state, isDone(both[0]) ? 'paid' : 'reversing');
  },

  'refuses an update of a number that it never saw, and a first record that is none': async (journal) => {
    await rejects(journal.put(record('A', { revision: 2 })));
    await rejects(journal.create(record('A', { revision: 2 })));
    // As a program in JavaScript might.
    const other: unknown = { ...record('A'), schema: 2 };
    await rejects(Reflect.apply(journal.create, journal, [other]));
    deepStrictEqual(await listed(journal), []);
  },

  'keeps what it was given when the giver changes it, and when a reader does': async (journal) => {
    const given = record('A');
    await journal.create(given);
    given.data.note = 'changed';
    const got = await journal.get('payment', 'A');
    if (got) got.data.note = 'changed';
    for await (const each of journal.list()) each.data.note = 'changed';
    deepStrictEqual(await journal.get('payment', 'A'), record('A'));
  },

  'lists what the filter lets through': async (journal) => {
    await journal.create(record('open'));
    await journal.create(record('done', { finished: true }));
    await journal.create(record('heard', { finished: true, acknowledged: true }));
    deepStrictEqual(await listed(journal), ['payment done', 'payment heard', 'payment open']);
    deepStrictEqual(await listed(journal, { finished: false }), ['payment open']);
    deepStrictEqual(await listed(journal, { finished: true, acknowledged: false }), ['payment done']);
    deepStrictEqual(await listed(journal, { acknowledged: false }), ['payment done', 'payment open']);
  },

  'lists while it is written to, and can be left in the middle of a list': async (journal) => {
    for (const id of ['A', 'B', 'C']) await journal.create(record(id));
    const seen: string[] = [];
    for await (const each of journal.list({ finished: false })) {
      seen.push(each.id);
      await journal.put({ ...each, revision: each.revision + 1, finished: true });
    }
    deepStrictEqual(seen.sort(), ['A', 'B', 'C']);
    deepStrictEqual(await listed(journal, { finished: false }), []);
    for await (const _ of journal.list()) break;
    await journal.put(record('A', { revision: 3, finished: true }));
  },

  'forgets what is finished, acknowledged and old, and nothing else': async (journal) => {
    const done = { finished: true, acknowledged: true };
    await journal.create(record('old', done));
    await journal.create(record('old', { ...done, kind: 'refund' }));
    await journal.create(record('new', { ...done, updatedAt: 2_000 }));
    await journal.create(record('unheard', { finished: true }));
    await journal.create(record('unfinished'));
    deepStrictEqual(await journal.prune(1_000), 0);
    deepStrictEqual(await journal.prune(2_000), 2);
    deepStrictEqual(await listed(journal), ['payment new', 'payment unfinished', 'payment unheard']);
    deepStrictEqual(await journal.get('payment', 'old'), undefined);
    deepStrictEqual(await journal.get('payment', 'new'), record('new', { ...done, updatedAt: 2_000 }));
    await journal.put(record('unfinished', { revision: 2, state: 'paid', finished: true }));
    deepStrictEqual((await journal.get('payment', 'unfinished'))?.state, 'paid');
  },

  'refuses every call with ERR_CLOSED after close()': async (journal) => {
    await journal.create(record('A'));
    await journal.close();
    await refuses(journal.create(record('B')), 'ERR_CLOSED');
    await refuses(journal.put(record('A', { revision: 2 })), 'ERR_CLOSED');
    await refuses(journal.get('payment', 'A'), 'ERR_CLOSED');
    await refuses(listed(journal), 'ERR_CLOSED');
    await refuses(journal.prune(0), 'ERR_CLOSED');
    await journal.close();
  },

  'that is shared holds what it created, and knows its own write': async (journal) => {
    const other = record('A', { state: 'polling' });
    await journal.create(record('A'));
    if (journal.holds) {
      deepStrictEqual(journal.holds({ kind: 'payment', id: 'A' }), true);
      deepStrictEqual(journal.holds({ kind: 'payment', id: 'B' }), false);
    }
    if (journal.isStored) {
      const next = record('A', { revision: 2, state: 'polling' });
      deepStrictEqual(await journal.isStored(next), false);
      await journal.put(next);
      deepStrictEqual(await journal.isStored(next), true);
      deepStrictEqual(await journal.isStored({ ...other, revision: 3 }), false);
      // Two writes of one revision at once, of which one is stored.
      const rivals = ['reversing', 'paid'].map((rival) => record('A', { revision: 3, state: rival }));
      const results = await Promise.allSettled(rivals.map((rival) => journal.put(rival)));
      for (const [index, rival] of rivals.entries())
        deepStrictEqual(await journal.isStored(rival), results[index]?.status === 'fulfilled');
    }
  },

  'that is shared writes a cancel() down, also of a number that was never sold': async (journal) => {
    if (!journal.requestCancel) return;
    const stop = journal.onCancel?.(() => undefined);
    ok(stop === undefined || typeof stop === 'function', 'onCancel() returns how to stop listening');
    await journal.create(record('A'));
    await journal.requestCancel('A');
    await journal.requestCancel('A');
    await journal.requestCancel('B');
    await refuses(journal.create(record('B')), 'ERR_ORDER_EXISTS');
    stop?.();
  },

  'that is shared stores nothing over a cancel() that was decided without it': async (journal) => {
    if (!journal.requestCancel) return;
    await journal.create(record('A'));
    await journal.create(record('A', { kind: 'refund', state: 'sending' }));
    await journal.requestCancel('A');
    await rejects(journal.put(record('A', { revision: 2, state: 'paid', finished: true })), {
      name: 'JournalError',
      message: /cancel/,
    });
    const { data, ...rest } = record('A', { revision: 2, state: 'reversing' });
    await journal.put({ ...rest, data: { ...data, facts: { givenUp: true } } });
    await journal.put(record('A', { kind: 'refund', revision: 2, state: 'refunded', finished: true }));
    deepStrictEqual((await journal.get('payment', 'A'))?.state, 'reversing');
  },

  'that is shared leaves what has finished to whoever gives it up': async (journal) => {
    if (!journal.requestCancel) return;
    await journal.create(record('A'));
    const paid = record('A', { revision: 2, state: 'paid', finished: true });
    await journal.put(paid);
    await journal.requestCancel('A');
    deepStrictEqual(await journal.get('payment', 'A'), paid);
    await journal.put({ ...paid, revision: 3, acknowledged: true });
    await journal.put({ ...paid, revision: 4, state: 'reversing', finished: false });
  },
};

/**
 * What every journal must do, each case with a journal of its own. Needs no test framework.
 *
 * @param make Makes an empty journal; each case closes it.
 * @example
 * for (const { name, run } of journalContract(() => MyJournal.open(emptyDatabase()))) it(`my journal ${name}`, run);
 */
export function journalContract(make: () => Promise<Journal>): ContractCase[] {
  return Object.entries(cases).map(([name, check]) => ({
    name,
    async run() {
      const journal = await make();
      try {
        await check(journal);
      } finally {
        await journal.close();
      }
    },
  }));
}
