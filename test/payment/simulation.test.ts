import { expect } from 'chai';
import { crashEverywhere, hasRefunds, paysByV3, simulate } from '../support/simulated/world.js';
import { mutations } from './mutations.js';
import { refundMutations } from './refund/mutations.js';
import { mutationsV3 } from './v3-mutations.js';

const isLong = process.env.WXPAY_FACE_TEST_LONG === '1';

describe('The simulation of payments and refunds', function () {
  this.timeout(isLong ? 3_600_000 : 120_000);

  it('finds no history, of 2,000, in which journal, gateway and cashier disagree', async () => {
    for (let seed = 1; seed <= 2_000; seed += 1) expect(await simulate(seed), `seed ${seed}`).to.deep.equal([]);
  });

  it('finds none after a crash at each operation of the disk in turn', async () => {
    let crashes = 0;
    for (let seed = 1; seed <= (isLong ? 200 : 10); seed += 1) {
      const history = await crashEverywhere(seed);
      crashes += history.crashes;
      expect(history.violations, `seed ${seed}`).to.deep.equal([]);
    }
    expect(crashes).to.be.greaterThan(isLong ? 10_000 : 400);
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

    for (const [name, { mutation, by }] of Object.entries(refundMutations))
      it(name, async () => {
        const isNoticed = async (seed: number) => (await simulate(seed, mutation)).some((each) => by.test(each));
        for (let seed = 1; seed <= 1_000; seed += 1) if (hasRefunds(seed) && (await isNoticed(seed))) return;
        expect.fail('nobody noticed');
      });

    for (const [name, { mutation, by }] of Object.entries(mutationsV3))
      it(`${name}, by API v3`, async () => {
        const isNoticed = async (seed: number) => (await simulate(seed, mutation)).some((each) => by.test(each));
        for (let seed = 1; seed <= 3_000; seed += 1) if (paysByV3(seed) && (await isNoticed(seed))) return;
        expect.fail('nobody noticed');
      });
  });
});
