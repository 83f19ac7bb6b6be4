import { execFileSync } from 'node:child_process';
import { coreTestPath, stubPath, testLibrary } from '../support/native.js';
import { skip } from '../support/skip.js';

describe('addon: its core, without Node.js', () => {
  it('passes its own test (core/core_test.cc)', function () {
    if (process.platform === 'win32') return skip(this, 'built for Linux only');
    const { WXPAY_FACE_PIPE: _, ...env } = process.env;
    execFileSync(coreTestPath, [stubPath, testLibrary('no_release')], { env });
  });
});
