import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import {
  type Addon,
  addonPath,
  type NativeLibrary,
  openLibrary,
  report,
  testLibrary,
  untilBlocked,
} from '../support/native.js';

const require = createRequire(import.meta.url);

// What each worker runs; its messages are the answers that it got.
const source = `
  const { parentPort, workerData } = require('node:worker_threads');
  (async () => {
    const library = new (require(workerData.addon).NativeLibrary)(workerData.library);
    await library.load();
    for (let round = 0; round < workerData.rounds; round++) {
      const texts = Array.from({ length: 8 }, (_, i) => workerData.name + ' ' + round + ' ' + i);
      const answers = await Promise.all(texts.map((text) => library.call(Buffer.from(text))));
      if (answers.map(String).join() !== texts.join()) throw new Error('answers got mixed up');
    }
    parentPort.postMessage('done');
  })();
`;

const start = (name: string, rounds: number) =>
  new Worker(source, {
    eval: true,
    workerData: { addon: addonPath, library: testLibrary('faulty'), name, rounds },
  });

describe('addon: several environments in a process', () => {
  let library: NativeLibrary;
  before(async () => {
    library = await openLibrary(testLibrary('faulty'));
  });

  it('gives each of eight workers its own answers', async () => {
    const workers = Array.from({ length: 8 }, (_, i) => start(`worker ${i}`, 20));
    const messages = await Promise.all(workers.map((worker) => once(worker, 'message')));
    expect(messages.flat()).to.deep.equal(Array(8).fill('done'));
    await Promise.all(workers.map((worker) => worker.terminate()));
    expect(await report(library)).to.deep.include({ outstanding: 0, blocked: 0 });
  });

  it('goes on in the main thread while workers are terminated in the middle of their calls', async () => {
    for (let i = 0; i < 10; i++) {
      const worker = start('endless', Number.MAX_SAFE_INTEGER);
      await once(worker, 'online');
      const answers = await Promise.all(Array.from({ length: 50 }, (_, call) => library.call(Buffer.from(`${call}`))));
      expect(answers.map(String)).to.deep.equal(Array.from({ length: 50 }, (_, call) => `${call}`));
      await worker.terminate();
    }
    await untilBlocked(library, 0);
    while ((await report(library)).outstanding !== 0);
  });

  it('loads many times in one environment', async () => {
    for (let i = 0; i < 50; i++) {
      delete require.cache[addonPath];
      const { NativeLibrary }: Addon = require(addonPath);
      const library = new NativeLibrary(testLibrary('faulty'));
      await library.load();
      const text = Buffer.from(`load ${i}`);
      const answer = await library.call(text);
      assert(answer.equals(text));
    }
  });
});
