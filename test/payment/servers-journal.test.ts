import { expect } from 'chai';
import { journalContract } from '../../lib/journal/contract.js';
import { keyOf, type RecordName } from '../../lib/journal/journal.js';
import { record } from '../../lib/journal/sample-record.js';
import { rejection } from '../support/rejection.js';
import { SimulatedClock } from '../support/simulated/clock.js';
import { Random } from '../support/simulated/random.js';
import { ServerCare } from '../support/simulated/servers/care.js';
import { SharedDatabase } from '../support/simulated/servers/database.js';
import { ServerJournal } from '../support/simulated/servers/journal.js';
import { DatabaseLine, type StatementFate } from '../support/simulated/servers/line.js';
import { type Rule, rules } from '../support/simulated/servers/rules.js';
import { TillClock } from '../support/simulated/till-clock.js';

/*
 * The journal of the simulated servers is a model of its own: what the simulation shows holds of a real one if both do the same. So it is
 * held against the contract of all journals, and its claims against those of server/test/claims.test.ts.
 */

const [second, day] = [1_000, 86_400_000];
const lease = 10 * second;

interface Line {
  isAway: boolean;
  /** Of the next statement. */
  fate(): StatementFate;
}

const wellLine = (): Line => ({ isAway: false, fate: () => 'done' });

/** Loses the answer of every other statement or so, never of two in a row: reads are asked twice. */
function forgetfulLine(seed: number): Line {
  const random = new Random(seed);
  let isLost = false;
  return {
    isAway: false,
    fate: () => {
      isLost = !isLost && random.chance(0.5);
      return isLost ? 'loses its answer' : 'done';
    },
  };
}

class World {
  readonly clock = new SimulatedClock();
  readonly database: SharedDatabase;
  readonly #without: Rule | undefined;
  readonly #random = new Random(1);
  #writes = 0;
  #starts = 0;

  constructor(without?: Rule) {
    this.#without = without;
    this.database = new SharedDatabase(without, { changed: () => undefined, claimed: () => undefined });
  }

  /** @param isRenewed Whether its lease is asked for again and again, or once and for long. */
  async server({ line = wellLine(), isRenewed = false }: { line?: Line; isRenewed?: boolean } = {}) {
    const program = { clock: new TillClock(this.clock, 0) };
    const { clock, database } = this;
    this.#starts += 1;
    const care = new ServerCare({
      asking: { owner: `S${this.#starts}`, version: 2, merchants: new Set(['A']) },
      clock: program.clock,
      line: new DatabaseLine(program, {
        ...{ clock, random: this.#random, era: 0 },
        statementFate: () => line.fate(),
        isAway: () => line.isAway,
        passes: () => false,
      }),
      database,
      without: this.#without,
      duration: lease,
      asked: () => (isRenewed ? lease : day),
      nextWrite: () => {
        this.#writes += 1;
        return this.#writes;
      },
      notify: () => undefined,
      onShare: () => undefined,
    });
    const journal = new ServerJournal(care, 'A');
    const heard: string[] = [];
    journal.onTakeUp(async (taken: RecordName) => void heard.push(`restart ${keyOf(taken)}`));
    journal.onCancel((id) => void heard.push(`cancel ${id}`));
    await journal.lease.confirmed();
    return { journal, care, line, heard };
  }
}

/** The contract's cases, each in a world of its own, whose clock goes on until it is over. */
const contractOf = (without?: Rule, lineOf: () => Line = wellLine) => {
  let world = new World(without);
  const cases = journalContract(async () => (await world.server({ line: lineOf() })).journal);
  return cases.map(({ name, run }) => ({
    name,
    run: () => {
      world = new World(without);
      return world.clock.until(run());
    },
  }));
};

describe('The journal of a simulated server', () => {
  for (const { name, run } of contractOf()) it(name, run);

  describe('over a line that loses answers', () => {
    // How many it forgot is lost with the answer.
    for (const { name, run } of contractOf(undefined, () => forgetfulLine(7)))
      if (!name.startsWith('forgets')) it(name, run);
  });

  /** What its contract notices, by the rule that is left out. */
  const noticed: ReadonlyArray<readonly [Rule, string]> = [
    ['fencesRevision', 'refuses an update that would undo another'],
    ['judgesByWriteId', 'refuses an update that would undo another'],
    ['looksAtLease', 'that is shared holds what it created, and knows its own write'],
    ['buriesUnknown', 'that is shared writes a cancel() down, also of a number that was never sold'],
    ['fencesGiveUp', 'that is shared stores nothing over a cancel() that was decided without it'],
    ['hearsAtWrite', 'that is shared stores nothing over a cancel() that was decided without it'],
  ];
  for (const [without, name] of noticed)
    it(`fails its contract without the rule that ${rules[without].says}`, async () => {
      const found = contractOf(without).find((each) => each.name === name);
      if (found === undefined) expect.fail('there is no such case');
      expect(await rejection(found.run())).to.include({ code: 'ERR_ASSERTION' });
    });
});

describe('What a simulated server leaves unfinished', () => {
  const polling = (revision: number) => record('A1', { revision, state: 'polling' });
  const paid = (revision: number) => record('A1', { revision, state: 'paid', finished: true });

  /** Two servers, of which the first has a payment and a refund of one number. */
  async function shared(world: World) {
    const [one, two] = [await world.server({ isRenewed: true }), await world.server({ isRenewed: true })];
    await one.journal.create(record('A1'));
    await one.journal.create(record('A1', { kind: 'refund', state: 'sending' }));
    await one.journal.create(record('A2', { state: 'paid', finished: true }));
    return { one, two };
  }

  it('is taken up by another at once if it was closed', async () => {
    const world = new World();
    const { one, two } = await world.clock.until(shared(world));
    await world.clock.until(one.care.close());
    await world.clock.run(undefined, lease / 2);
    expect(new Set(two.heard)).to.deep.equal(new Set(['restart payment A1', 'restart refund A1']));
    const { journal } = two;
    expect(await world.clock.until(journal.get('payment', 'A1'))).to.deep.equal(record('A1', { revision: 2 }));
    expect(journal.holds(record('A1'))).to.equal(true);
    await world.clock.until(journal.put(paid(3)));
  });

  it('is taken up by another after its lease, and lost to who had it', async () => {
    const world = new World();
    const { one, two } = await world.clock.until(shared(world));
    expect(await world.clock.until(rejection(two.journal.put(polling(2))))).to.include({ code: 'ERR_JOURNAL_LOST' });
    await world.clock.run(undefined, 2 * lease);
    expect(two.heard).to.deep.equal([]);
    one.line.isAway = true;
    await world.clock.run(undefined, 2 * lease);
    expect(new Set(two.heard)).to.deep.equal(new Set(['restart payment A1', 'restart refund A1']));
    expect(one.journal.holds(record('A1'))).to.equal(false);
    // It waits until the lease is renewed, and learns what it has lost.
    const writing = rejection(one.journal.put(paid(2)));
    one.line.isAway = false;
    expect(await world.clock.until(writing)).to.include({ code: 'ERR_JOURNAL_LOST' });
    expect(await world.clock.until(rejection(one.journal.put(paid(3))))).to.include({ code: 'ERR_JOURNAL_LOST' });
    expect([one, two].map(({ journal }) => journal.holds(record('A1')))).to.deep.equal([false, true]);
  });

  it('is held again by who had it, once it has seen that nobody has claimed it', async () => {
    const world = new World();
    const one = await world.clock.until(world.server({ isRenewed: true }));
    await world.clock.until(one.journal.create(record('A1')));
    one.line.isAway = true;
    await world.clock.run(undefined, 2 * lease);
    expect(one.journal.holds(record('A1'))).to.equal(false);
    one.line.isAway = false;
    await world.clock.run(undefined, lease);
    expect(one.journal.holds(record('A1'))).to.equal(true);
  });

  it('is handed on with its cancel()', async () => {
    const world = new World();
    const { one, two } = await world.clock.until(shared(world));
    await world.clock.until(two.journal.requestCancel('A1'));
    await world.clock.until(one.care.close());
    await world.clock.run(undefined, lease);
    expect(two.heard).to.include('cancel A1');
    expect(await world.clock.until(rejection(two.journal.put(paid(3))))).to.match(
      /A cancel\(\) of A1 was written down/,
    );
  });
});
