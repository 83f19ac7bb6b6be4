import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './pages.js';

describe('the API reference', () => {
  it('can be made, and lacks no word on what is exported', async function () {
    // The same sources, read by the same compiler; under Wine that alone takes minutes.
    if (process.platform === 'win32') this.skip();
    const typedoc = join(root, 'node_modules', 'typedoc', 'bin', 'typedoc');
    // Warnings are errors: typedoc.json.
    await promisify(execFile)(process.execPath, [typedoc, '--emit', 'none'], { cwd: root });
  }).timeout(120_000);
});
