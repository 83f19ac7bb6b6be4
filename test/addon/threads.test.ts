import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type NativeLibrary, openLibrary, testLibrary, untilBlocked } from '../support/native.js';
import { skip } from '../support/skip.js';

function callThreads(): number {
  return readdirSync('/proc/self/task').filter((id) => {
    try {
      return readFileSync(`/proc/self/task/${id}/comm`, 'utf8') === 'wxpay-face-call\n';
    } catch {
      return false; // it has just ended
    }
  }).length;
}

describe('addon: threads', () => {
  let library: NativeLibrary;
  before(async function () {
    if (process.platform !== 'linux') return skip(this, 'they are counted in /proc');
    library = await openLibrary(testLibrary('faulty'));
  });

  async function block(count: number) {
    const blocked = Array.from({ length: count }, () => library.call(Buffer.from('block')));
    await untilBlocked(library, count);
    return async () => {
      await library.call(Buffer.from('unblock'));
      await Promise.all(blocked);
    };
  }

  it('gives every blocked call one, named for what it does', async () => {
    const unblock = await block(20);
    expect(callThreads()).to.be.at.least(20);
    await unblock();
  });

  it('uses them again', async () => {
    const unblock = await block(20);
    const most = callThreads();
    await unblock();
    for (let i = 0; i < 10; i++) await (await block(20))();
    // A call's result may come before its thread is free for the next. Without any use again it would be ten times as many.
    expect(callThreads()).to.be.at.most(2 * most);
  });

  it('lets them end when they have been idle for a while', async function () {
    if (!process.env.WXPAY_FACE_TEST_LONG) return skip(this, 'takes ten seconds');
    this.timeout(60_000);
    await (await block(20))();
    while (callThreads() > 0) await sleep(100);
  });

  it('ends those of a burst although calls go on', async function () {
    if (!process.env.WXPAY_FACE_TEST_LONG) return skip(this, 'takes ten seconds');
    this.timeout(60_000);
    await (await block(20))();
    // Were the idle ones used in turn, none would ever be idle for long.
    while (callThreads() > 2) {
      await library.call(Buffer.from('x'));
      await sleep(50);
    }
  });
});
