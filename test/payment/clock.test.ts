import { expect } from 'chai';
import { systemClock } from '../../lib/payment/clock.js';
import { rejection } from '../support/rejection.js';

describe('The system clock', () => {
  it('sleeps, and wakes at once where its sleep is aborted', async () => {
    const before = systemClock.monotonic();
    await systemClock.sleep(5);
    expect(systemClock.monotonic()).to.be.above(before);
    const abort = new AbortController();
    const sleeping = rejection(systemClock.sleep(86_400_000, abort.signal));
    const enough = new Error('enough');
    abort.abort(enough);
    expect(await sleeping).to.equal(enough);
    expect(await rejection(systemClock.sleep(86_400_000, abort.signal))).to.equal(enough);
    expect(Math.abs(systemClock.wall() - Date.now())).to.be.below(60_000);
  });
});
