// Takes the pictures of the simulator's console for the guides: npm run docs:images
import { readdirSync } from 'node:fs';
import { run } from '../machine/run.mjs';
import { ensureSystemPackages } from '../machine/system-packages.mjs';

ensureSystemPackages('the pictures', ['pngquant']);

run('npx', ['mocha', '--no-config', '--timeout', '60000', '--spec', 'build/js/test/simulator/page.test.js'], {
  env: { ...process.env, WXPAY_FACE_PICTURES: 'docs/images' },
});

// They are part of the tarball, which stays under 5 MB.
const pictures = readdirSync('docs/images').filter((name) => name.endsWith('.png'));
run('pngquant', ['--force', '--skip-if-larger', '--quality', '70-95', '--ext', '.png', ...pictures], {
  cwd: 'docs/images',
});
