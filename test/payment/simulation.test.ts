import { expect } from 'chai';
import { mutations } from './mutations.js';
import { simulate } from './simulation.js';

describe('The simulation of payments', function () {
  this.timeout(120_000);

  it('finds no history, of 2,000, in which journal, gateway and cashier disagree', async () => {
    for (let seed = 1; seed <= 2_000; seed += 1) expect(await simulate(seed), `seed ${seed}`).to.deep.equal([]);
  });

  it('repeats a history by its seed', async () => {
    const mutation = mutations['trusts a missing order at once'] ?? {};
    for (let seed = 40; seed < 60; seed += 1)
      expect(await simulate(seed, mutation)).to.deep.equal(await simulate(seed, mutation));
  });

  describe('notices a till that', () => {
    for (const [name, mutation] of Object.entries(mutations))
      it(name, async () => {
        let violations: string[] = [];
        for (let seed = 1; seed <= 500 && violations.length === 0; seed += 1)
          violations = await simulate(seed, mutation);
        expect(violations).to.not.deep.equal([]);
      });
  });
});
