// The fuzzers, by libFuzzer under AddressSanitizer and UndefinedBehaviorSanitizer.
//   node scripts/check/fuzz.mjs [--seconds 20]     for each
// What they learn stays in build/fuzz/corpus, an input that breaks something in build/fuzz/crash-*.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../build/native-variant.mjs';
import { run } from '../machine/run.mjs';
import { ensureSystemPackages } from '../machine/system-packages.mjs';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '20' } } });
ensureSystemPackages('the fuzzers', ['clang', 'libclang-rt-dev']);

const folder = build('fuzz', {
  CMAKE_C_COMPILER: 'clang',
  CMAKE_CXX_COMPILER: 'clang++',
  WXPAY_FACE_SANITIZE: 'fuzzer-no-link,address,undefined',
  WXPAY_FACE_FUZZERS: 'ON',
  WXPAY_FACE_TESTS: 'OFF',
});
for (const fuzzer of ['fuzz_frame', 'fuzz_response']) {
  const corpus = join(folder, 'corpus', fuzzer);
  mkdirSync(corpus, { recursive: true });
  run(
    join(folder, 'out', fuzzer),
    [
      `-max_total_time=${values.seconds}`,
      '-print_final_stats=1',
      '-verbosity=0',
      `-artifact_prefix=${folder}/`,
      corpus,
    ],
    { env: { ...process.env, ASAN_OPTIONS: 'quarantine_size_mb=16:allocator_may_return_null=1' } },
  );
}
