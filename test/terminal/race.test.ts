import { expect } from 'chai';
import { decide, type Race, type RaceEvent } from '../../lib/terminal/race.js';

const [noCamera, noScanner] = [new Error('no camera'), new Error('no scanner')];

const face = { face: { return_code: 'SUCCESS', face_code: '120061098828009406', openid: 'o' }, authinfo: 'a' } as const;
const code = { auth_code: '134567890123456789' };
const events = {
  face: { on: 'face', recognised: face },
  scan: { on: 'scan', code },
  'customer left': { on: 'customer-left' },
  'wants scan': { on: 'wants-scan' },
  'no camera': { on: 'face-failed', error: noCamera },
  'no scanner': { on: 'scan-failed', error: noScanner },
  broken: { on: 'broken', error: noCamera },
  'given up': { on: 'given-up', by: 'timeout' },
} as const satisfies Record<string, RaceEvent>;

type Name = keyof typeof events;

/** What comes of these, one after the other. */
function raceOf(hasScanner: boolean, ...names: readonly Name[]): ReturnType<typeof decide> {
  let race: Race = { face: 'looking', scan: hasScanner ? 'waiting' : 'none' };
  for (const name of names) {
    const next = decide(race, events[name]);
    if ('verdict' in next) return next;
    race = next;
  }
  return race;
}

describe('Which code pays', () => {
  const failed = (error: Error) => ({ verdict: 'failed', error });
  const byFace = { verdict: 'face', recognised: face };
  const byScan = { verdict: 'scan', code };
  const cancelled = (by: string) => ({ verdict: 'cancelled', by });
  const table: ReadonlyArray<readonly [hasScanner: boolean, names: readonly Name[], verdict: object]> = [
    [true, ['face'], byFace],
    [true, ['scan'], byScan],
    [false, ['face'], byFace],
    [true, ['customer left'], cancelled('customer')],
    [true, ['given up'], cancelled('timeout')],
    [false, ['given up'], cancelled('timeout')],
    [false, ['wants scan'], { verdict: 'wants-scan' }],
    [true, ['wants scan'], { face: 'wants-scan', scan: 'waiting' }],
    [true, ['wants scan', 'scan'], byScan],
    [true, ['wants scan', 'no scanner'], failed(noScanner)],
    [true, ['no scanner'], { face: 'looking', scan: { error: noScanner } }],
    [true, ['no scanner', 'face'], byFace],
    [true, ['no scanner', 'wants scan'], failed(noScanner)],
    [true, ['no scanner', 'no camera'], failed(noCamera)],
    [false, ['no camera'], failed(noCamera)],
    [true, ['no camera'], { face: { error: noCamera }, scan: 'waiting' }],
    [true, ['no camera', 'scan'], byScan],
    [true, ['no camera', 'no scanner'], failed(noCamera)],
    [true, ['no camera', 'given up'], cancelled('timeout')],
    [true, ['broken'], failed(noCamera)],
  ];
  for (const [hasScanner, names, verdict] of table)
    it(`${hasScanner ? 'with' : 'without'} a scanner, after ${names.join(', then ')}`, () => {
      expect(raceOf(hasScanner, ...names)).to.deep.equal(verdict);
    });
});
