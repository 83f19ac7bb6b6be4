import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { addonPath, root, testLibrary } from '../support/native.js';
import { skip } from '../support/skip.js';

// The stages and the ends are those of teardown-child.cjs.
const stages = [
  'loaded',
  'loading',
  'opened',
  'queued',
  'blocked',
  'returned',
  'closed',
  'closed in flight',
  'collected',
] as const;

const ends: ReadonlyArray<readonly [end: string, exitCode: number]> = [
  ['process.exit', 42],
  ['an uncaught exception', 1],
  ['a natural exit', 42],
  ['worker.terminate()', 42],
  ['process.exit in a worker', 42],
  ['an uncaught exception in a worker', 42],
  ['the natural exit of a worker', 42],
];

const others = process.env.WXPAY_FACE_TEST_LONG ? ['16', '18', '20', '22', '24', '26'] : ['16', '24'];
const copyPath = join(root, 'build', `addon-copy-${randomUUID()}.node`);
const child = join(root, 'test', 'addon', 'teardown-child.cjs');

interface End {
  code: number | string | null | undefined;
  signal: NodeJS.Signals | null | undefined;
  stderr: string;
}

const run = (node: string, stage: string, end: string) =>
  new Promise<End>((resolve) => {
    const args = ['--expose-gc', child, addonPath, copyPath, testLibrary('faulty'), stage, end];
    execFile(node, args, { timeout: 15_000, killSignal: 'SIGKILL' }, (error, _stdout, stderr) =>
      resolve({ code: error ? error.code : 0, signal: error?.signal, stderr }),
    );
  });

function table(node: () => string) {
  for (const [end, exitCode] of ends) {
    for (const stage of stages) {
      it(`survives ${end} when ${stage}`, async () => {
        const { code, signal, stderr } = await run(node(), stage, end);
        expect({ code, signal: signal ?? null }, stderr).to.deep.equal({ code: exitCode, signal: null });
      });
    }
  }
}

describe('addon: teardown', () => {
  before(() => copyFileSync(addonPath, copyPath));
  after(() => {
    rmSync(copyPath, { force: true, maxRetries: 5 });
  });

  describe(`on this Node.js (${process.version})`, () => table(() => process.execPath));

  for (const major of others) {
    describe(`on Node.js ${major}`, () => {
      let node = '';
      before(function () {
        if (process.platform !== 'linux' || process.arch !== 'x64') return skip(this, 'others come as linux-x64 only');
        this.timeout(300_000);
        node = execFileSync(process.execPath, [join(root, 'scripts', 'machine', 'get-node.mjs'), major])
          .toString()
          .trim();
      });
      table(() => node);
    });
  }
});
