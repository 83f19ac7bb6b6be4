import { expect } from 'chai';
import { type Rule, rules } from '../support/simulated/servers/rules.js';
import { simulateServers } from '../support/simulated/servers/servers-history.js';

/** In how many histories each rule's absence is noticed at the latest. */
const most = 1_000;

const ruleNames = Object.keys(rules) as Rule[];

describe('The simulation of servers on one database', function () {
  this.timeout(process.env.WXPAY_FACE_TEST_LONG === '1' ? 3_600_000 : 120_000);

  for (let first = 1; first <= 2_000; first += 500)
    it(`finds no history, of 2,000 (from number ${first} on), in which database, gateway and terminals disagree`, async () => {
      for (let seed = first; seed < first + 500; seed += 1)
        expect(await simulateServers(seed), `seed ${seed}`).to.deep.equal([]);
    });

  it('repeats a history by its seed', async () => {
    for (let seed = 1; seed < 20; seed += 1) {
      const mutation = { without: 'claims' } as const;
      expect(await simulateServers(seed, mutation)).to.deep.equal(await simulateServers(seed, mutation));
    }
  });

  it('leaves something out of each of the protocol’s thirteen rules', () => {
    const numbers = new Set(ruleNames.map((name) => rules[name].of));
    expect([...numbers].sort((one, other) => one - other)).to.deep.equal(
      Array.from({ length: 13 }, (_, index) => index + 1),
    );
  });

  describe('notices servers without the rule that', () => {
    for (const without of ruleNames)
      it(rules[without].says, async () => {
        const { by = /./, from = 1 } = rules[without];
        const isNoticed = async (seed: number) =>
          (await simulateServers(seed, { without })).some((each) => by.test(each));
        for (let seed = from; seed < from + most; seed += 1) if (await isNoticed(seed)) return;
        expect.fail('nobody noticed');
      });
  });
});
