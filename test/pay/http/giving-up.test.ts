import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

describe('a call that is given up', () => {
  it('at any byte of proxy, handshake, request and answer, by abort, time-out or peer, is told right and ends no process', async function () {
    this.timeout(120_000);
    const script = fileURLToPath(new URL('./giving-up.js', import.meta.url));
    const steps = process.env.WXPAY_FACE_TEST_LONG ? '100' : '8';
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, steps]);
    const { calls, wrong } = JSON.parse(stdout);
    expect(wrong).to.deep.equal([]);
    expect(calls).to.be.above(200);
    expect(stderr).to.equal('');
  });
});
