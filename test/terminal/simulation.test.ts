import { expect } from 'chai';
import { sellThroughTill } from '../support/simulated/shop.js';
import { mutations } from './mutations.js';

describe('The simulation of a till', function () {
  this.timeout(process.env.WXPAY_FACE_TEST_LONG === '1' ? 3_600_000 : 120_000);

  it('finds no day, of 2,000, on which gateway, screens, journal and cashier disagree', async () => {
    for (let seed = 1; seed <= 2_000; seed += 1) expect(await sellThroughTill(seed), `seed ${seed}`).to.deep.equal([]);
  });

  it('repeats a day by its seed', async () => {
    const mutation = mutations['tells each screen SUCCESS'] ?? {};
    for (let seed = 1; seed < 20; seed += 1)
      expect(await sellThroughTill(seed, mutation)).to.deep.equal(await sellThroughTill(seed, mutation));
  });

  describe('notices a till that', () => {
    for (const [name, mutation] of Object.entries(mutations))
      it(name, async () => {
        let violations: string[] = [];
        for (let seed = 1; seed <= 500 && violations.length === 0; seed += 1)
          violations = await sellThroughTill(seed, mutation);
        expect(violations).to.not.deep.equal([]);
      });
  });
});
