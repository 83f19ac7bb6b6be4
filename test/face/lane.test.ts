import { expect } from 'chai';
import fc from 'fast-check';
import { Lane } from '../../lib/face/lane.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('A lane', () => {
  it('is never taken by two, and is given in the order of arrival to those who still want it', async () => {
    const steps = fc.array(
      fc.oneof(
        fc.constant({ do: 'enter' } as const),
        fc.constant({ do: 'leave' } as const),
        fc.constant({ do: 'leave twice' } as const),
        fc.record({ do: fc.constant('abort' as const), place: fc.nat() }),
      ),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (schedule) => {
        const lane = new Lane();
        const aborts: AbortController[] = [];
        const waiting: number[] = [];
        const given: number[] = [];
        const expected: number[] = [];
        const refused: number[] = [];
        let holder: { who: number; leave: () => void } | undefined;
        const giveToNext = () => {
          const next = waiting.shift();
          if (next !== undefined) expected.push(next);
        };
        for (const step of schedule) {
          if (step.do === 'enter') {
            const who = aborts.length;
            const abort = new AbortController();
            aborts.push(abort);
            waiting.push(who);
            if (holder === undefined) giveToNext();
            lane.enter(abort.signal).then(
              (leave) => {
                expect(holder).to.equal(undefined);
                holder = { who, leave };
                given.push(who);
              },
              (reason) => {
                expect(reason).to.equal(who);
                refused.push(who);
              },
            );
          } else if (step.do === 'abort') {
            const [who] = waiting.splice(step.place % Math.max(waiting.length, 1), 1);
            if (who === undefined) continue;
            aborts[who]?.abort(who);
            await settled();
            expect(refused).to.include(who);
          } else if (holder !== undefined) {
            const { leave } = holder;
            holder = undefined;
            giveToNext();
            leave();
            if (step.do === 'leave twice') leave();
          }
          await settled();
          expect(given).to.deep.equal(expected);
        }
      }),
    );
  });
});
