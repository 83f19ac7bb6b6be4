// The host process under valgrind's memcheck, driven by its own tests.
//   node scripts/check/valgrind.mjs [--long]     (after npm run compile)
// Short: without the calls of 64 MiB. Each host process leaves a log; none may hold an error or a definite leak.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../build/native-variant.mjs';
import { root, run } from '../machine/run.mjs';
import { ensureSystemPackages } from '../machine/system-packages.mjs';

const { values } = parseArgs({ options: { long: { type: 'boolean', default: false } } });
ensureSystemPackages('memcheck', ['valgrind']);

const folder = build('valgrind', {});
const logs = join(folder, 'logs');
rmSync(logs, { recursive: true, force: true });
mkdirSync(logs);

// Crashes on purpose are errors to valgrind; and it has its own idea of how a constructor's crash ends.
const skipped = ['crash', 'SIGSEGV', 'abort', ...(values.long ? [] : [String(64 << 20)])];
run(
  process.execPath,
  [
    join(root, 'node_modules', 'mocha', 'bin', 'mocha.js'),
    ...['--no-config', '--reporter', 'dot', '--timeout', '120000', '--grep', skipped.join('|'), '--invert'],
    'build/js/test/addon/host.test.js',
  ],
  {
    env: {
      ...process.env,
      WXPAY_FACE_TEST_BUILD: folder,
      WXPAY_FACE_TEST_UNDER: JSON.stringify([
        'valgrind',
        '--quiet',
        '--error-exitcode=99',
        '--leak-check=full',
        '--errors-for-leak-kinds=definite',
        '--show-leak-kinds=definite',
        `--log-file=${join(logs, '%p')}`,
      ]),
    },
  },
);

const found = readdirSync(logs)
  .map((name) => readFileSync(join(logs, name), 'utf8'))
  .filter((log) => log !== '');
if (found.length > 0) {
  console.error(found.join('\n'));
  process.exit(1);
}
console.log(`valgrind found nothing in ${readdirSync(logs).length} host processes.`);
