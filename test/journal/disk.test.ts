import { expect } from 'chai';
import { diesEverywhere, diskHistory, rottenHistory } from './disk-history.js';

const isLong = process.env.WXPAY_FACE_TEST_LONG === '1';
const seeds = (first: number, count: number): number[] => Array.from({ length: count }, (_, index) => first + index);

describe('FileJournal on a simulated disk', function () {
  this.timeout(isLong ? 3_600_000 : 120_000);

  // Which copy was used is said again and again here.
  const { emitWarning } = process;
  before(() => {
    process.emitWarning = () => undefined;
  });
  after(() => {
    process.emitWarning = emitWarning;
  });

  it('has what was told durable, whatever fails and whenever the power goes', async () => {
    for (const seed of seeds(1, isLong ? 20_000 : 200))
      expect(await diskHistory(seed), `seed ${seed}`).to.deep.equal([]);
  });

  it('has it after a crash at each operation of the disk in turn', async () => {
    let crashes = 0;
    for (const seed of seeds(1, isLong ? 200 : 5)) {
      const history = await diesEverywhere(seed);
      crashes += history.crashes;
      expect(history.violations, `seed ${seed}`).to.deep.equal([]);
    }
    expect(crashes).to.be.greaterThan(isLong ? 10_000 : 200);
  });

  it('has it, or refuses to open, if one of its files rots, is lost or is an older copy', async () => {
    const counts = { whole: 0, refused: 0 };
    for (const seed of seeds(1, isLong ? 5_000 : 200)) {
      const { is, violations } = await rottenHistory(seed, false);
      counts[is] += 1;
      expect(violations, `seed ${seed}`).to.deep.equal([]);
    }
    expect(counts.whole).to.be.greaterThan(20);
    expect(counts.refused).to.be.greaterThan(50);
  });

  it('has it in any case if its mirror is well', async () => {
    for (const seed of seeds(1, isLong ? 5_000 : 100))
      expect(await rottenHistory(seed, true), `seed ${seed}`).to.deep.equal({ is: 'whole', violations: [] });
  });
});
