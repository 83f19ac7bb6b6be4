import { expect } from 'chai';
import { chaos } from './chaos/chaos.js';

describe('Tills that sell through failing servers', () => {
  it('are told what the database, the gateway and the bill say, in every sale', async function () {
    this.timeout(600_000);
    const seconds = Number(process.env.CHAOS_SECONDS ?? 120);
    const { sales, faults, takeOvers, wrong } = await chaos({
      duration: seconds * 1_000,
      seed: 1,
      servers: 3,
      tills: 10,
    });
    expect(wrong).to.deep.equal([]);
    expect(sales).to.be.greaterThan(seconds);
    expect(takeOvers.times.length).to.be.greaterThan(0);
    for (const fault of ['kill', 'freeze', 'terminate', 'stop the database', 'loses its answer'])
      expect(faults[fault], fault).to.be.greaterThan(0);
  });
});
