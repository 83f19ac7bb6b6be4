// Builds of the native parts for the tools: sanitizers, valgrind, fuzzers, benchmarks.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { root } from '../machine/run.mjs';

/** Builds into build/<name> with CMake variables of its own, and returns that folder. */
export function build(name, variables, config = 'RelWithDebInfo') {
  const folder = join(root, 'build', name);
  const cmakeJs = join(dirname(createRequire(import.meta.url).resolve('cmake-js/package.json')), 'bin', 'cmake-js');
  const defines = Object.entries(variables).map(([key, value]) => `--CD${key}=${value}`);
  const options = ['--config', config, '--log-level', 'warn', '-O', folder, ...defines];
  // Both: build alone would go on with the variables of a former configuration.
  for (const step of ['configure', 'build']) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [cmakeJs, step, ...options], {
      cwd: root,
      encoding: 'utf8',
    });
    if (status === 0) continue;
    process.stderr.write(stdout + stderr);
    console.error(`the build of build/${name} failed; the compiler's own words are above.`);
    process.exit(1);
  }
  return folder;
}
