import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { addonPath, testLibrary } from '../support/native.js';

// In a process of its own, which unmasked exceptions end.
const loads = `
  const library = new (require(process.argv[1]).NativeLibrary)(process.argv[2]);
  library.load().then(() => library.call(Buffer.from('disturb'))).then(() => {
    // Not known to the compiler, which would calculate beforehand.
    const [price, zero, smallest] = JSON.parse('[19.99, 0, 5e-324]');
    console.log(JSON.stringify([price * 100, Number.isNaN(zero / zero), smallest * 1, smallest > 0, 0.1 + 0.2]));
  });
`;

describe("addon: JavaScript's arithmetic", () => {
  it('stays what it is while a library that changes it is loaded and called', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', loads, addonPath, testLibrary('floating')]);
    expect(JSON.parse(stdout)).to.deep.equal([1998.9999999999998, true, 5e-324, true, 0.30000000000000004]);
  });

  it('is that of a new thread in each call, whatever the last one left behind', async () => {
    // Loading it on this thread would end the tests, if this were not so.
    const { stdout } = await promisify(execFile)(process.execPath, [
      '-e',
      `const library = new (require(process.argv[1]).NativeLibrary)(process.argv[2]);
       (async () => {
         await library.load();
         for (let i = 0; i < 50; i++) console.log(String(await library.call(Buffer.from('disturb'))));
       })();`,
      addonPath,
      testLibrary('floating'),
    ]);
    const states = [...new Set(stdout.trim().split('\n'))].map((state): unknown => JSON.parse(state));
    // The registers' state at the start of each thread, but the x87's precision, which is the system's choice.
    expect(states).to.deep.equal(
      ['x64', 'ia32'].includes(process.arch)
        ? [{ sse: 0x1f80, x87: 0x003f, tags: 0xffff }]
        : [{ sse: 0, x87: 0, tags: 0xffff }],
    );
  });
});
