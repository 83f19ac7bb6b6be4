// The native tests under AddressSanitizer with UndefinedBehaviorSanitizer and LeakSanitizer, and under ThreadSanitizer.
//   node scripts/check/sanitizers.mjs [--long]     (after npm run compile)
// The core's own test runs under all of them, the host process under all but the leak check (it ends by _exit), the addon
// inside Node.js under the first two: Node.js itself isn't built for the others, core-test stands in for it there.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../build/native-variant.mjs';
import { root, run } from '../machine/run.mjs';

const { values } = parseArgs({ options: { long: { type: 'boolean', default: false } } });

const coreTest = (folder) => [
  join(folder, 'test', 'core-test'),
  [join(folder, 'out', 'libWxpayFaceSDK.so'), join(folder, 'test', 'no_release.so')],
];
const rounds = values.long ? 50 : 5;
const mocha = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
const mochaOptions = ['--no-config', '--reporter', 'dot', '--timeout', '120000'];
const tests = (name) => `build/js/test/addon/${name}.test.js`;

function title(text) {
  console.log(`\n── ${text}`);
}

const options = [
  'handle_segv=0', // the tests' own crashes stay what they are
  'handle_abort=0',
  'exitcode=99',
].join(':');

{
  const folder = build('sanitize-address', { WXPAY_FACE_SANITIZE: 'address,undefined' });
  title('AddressSanitizer, UndefinedBehaviorSanitizer, LeakSanitizer: the core');
  for (let round = 0; round < rounds; round++)
    run(...coreTest(folder), { env: { ...process.env, ASAN_OPTIONS: options } });

  const preload = execFileSync('c++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
  const env = {
    ...process.env,
    WXPAY_FACE_TEST_BUILD: folder,
    ASAN_OPTIONS: `${options}:detect_leaks=0`, // Node.js itself ends without freeing
    UBSAN_OPTIONS: 'print_stacktrace=1',
  };
  title('AddressSanitizer, UndefinedBehaviorSanitizer: the host process');
  run(process.execPath, [mocha, ...mochaOptions, tests('host')], { env });
  title('AddressSanitizer, UndefinedBehaviorSanitizer: the addon in Node.js');
  const specs = ['call', 'load', 'workers', 'teardown'].map(tests);
  const grep = values.long ? [] : ['--grep', 'on Node.js', '--invert']; // of the teardown table only this Node.js
  run(process.execPath, [mocha, ...mochaOptions, ...grep, ...specs], { env: { ...env, LD_PRELOAD: preload } });
}

{
  const folder = build('sanitize-thread', { WXPAY_FACE_SANITIZE: 'thread' });
  const env = { ...process.env, WXPAY_FACE_TEST_BUILD: folder, TSAN_OPTIONS: options };
  title('ThreadSanitizer: the core');
  for (let round = 0; round < rounds; round++) run(...coreTest(folder), { env });
  title('ThreadSanitizer: the host process');
  run(process.execPath, [mocha, ...mochaOptions, tests('host')], { env });
}
console.log('\nThe sanitizers found nothing.');
