import { spawnSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a command from the project's root; if it fails, this process ends with its exit code. */
export function run(command, args, options = {}) {
  // npm is a batch file on Windows, which only a shell can run.
  const shell = process.platform === 'win32' && command !== process.execPath;
  const { status, error, stdout } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    encoding: 'utf8',
    shell,
    ...options,
  });
  if (error) console.error(`Could not run ${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
  return stdout;
}

/** The same for a script, by its path in scripts/. */
export const script = (name, ...args) => run(process.execPath, [`scripts/${name}`, ...args]);

/** Says what is done and how long that takes on two cores, because whoever sees the project first waits for it. */
export function step(what, seconds, task) {
  console.log(`${what} (about ${seconds} s) …`);
  const began = performance.now();
  task();
  console.log(`  done in ${Math.ceil((performance.now() - began) / 1000)} s`);
}
