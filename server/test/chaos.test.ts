import { expect } from 'chai';
import { chaos } from './support/chaos.js';

describe('Tills that sell through failing servers', () => {
  it('are told what the database and the gateway say, in every sale', async function () {
    this.timeout(300_000);
    const seconds = Number(process.env.CHAOS_SECONDS ?? 20);
    const { sales, faults, wrong } = await chaos({ duration: seconds * 1_000, servers: 3, tills: 8 });
    expect(wrong).to.deep.equal([]);
    expect(sales).to.be.greaterThan(seconds);
    for (const fault of ['kill', 'freeze', 'terminate', 'stop the database', 'loses its answer'])
      expect(faults[fault], fault).to.be.greaterThan(0);
  });
});
