import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { skip } from '../support/skip.js';
import { root } from './pages.js';

describe('the API reference', () => {
  it('can be made, and lacks no word on what is exported', async function () {
    if (process.platform === 'win32')
      return skip(this, 'the same sources, read by the same compiler; under Wine that alone takes minutes');
    const typedoc = join(root, 'node_modules', 'typedoc', 'bin', 'typedoc');
    // Warnings are errors: typedoc.json.
    await promisify(execFile)(process.execPath, [typedoc, '--emit', 'none'], { cwd: root });
  }).timeout(120_000);
});
