// Takes the pictures of the simulator's console for the guides: npm run docs:images
import { run } from './run.mjs';

run('npx', ['mocha', '--no-config', '--timeout', '60000', '--spec', 'build/js/test/simulator/page.test.js'], {
  env: { ...process.env, WXPAY_FACE_PICTURES: 'docs/images' },
});
