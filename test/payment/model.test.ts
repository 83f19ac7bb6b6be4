import { expect } from 'chai';
import { findings, runs } from './model/runs.js';

describe('The model of a payment or a refund, a gateway and the network between them', function () {
  this.timeout(120_000);

  it('has no state in which words and money part, or from which no end can be reached', () => {
    for (const { name, findings: found, states, held } of runs(1)) {
      expect(found, name).to.deep.equal([]);
      expect(states, name).to.equal(held);
    }
  });

  it('finds each mistake that is planted in the machine', () => {
    const missed = [...findings()].filter(({ isFound }) => !isFound).map(({ name }) => name);
    expect(missed).to.deep.equal([]);
  });
});
