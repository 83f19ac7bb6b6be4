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

  it('is the same in each call, whatever the last one left behind', async () => {
    // Loading it on this thread would end the tests, if this were not so.
    const { stdout } = await promisify(execFile)(process.execPath, [
      '-e',
      `const library = new (require(process.argv[1]).NativeLibrary)(process.argv[2]);
       (async () => {
         await library.load();
         const states = [];
         for (let i = 0; i < 50; i++) states.push(String(await library.call(Buffer.from('disturb'))));
         console.log(JSON.stringify([...new Set(states)]));
       })();`,
      addonPath,
      testLibrary('floating'),
    ]);
    expect(JSON.parse(stdout)).to.have.lengthOf(1);
  });
});
