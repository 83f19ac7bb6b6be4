// What the checks on Windows Node.js share: which specs run, and what is told of them.
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { lookupFiles } from 'mocha/lib/cli/cli.js';
import { root } from '../machine/run.mjs';

/** What differs on Windows. */
const native = ['addon', 'face', 'terminal'];

/** Two minutes for a test: a program takes seconds to start under Wine, and a test of the command starts several. */
export const mocha = ['node_modules/mocha/bin/_mocha', '--no-config', '--timeout', '120000', '--spec'];

/** Milliseconds for one of its runs: one that hangs must leave time to say so. */
export const runTimeout = 20 * 60_000;

export const specOptions = { native: { type: 'boolean', default: false }, each: { type: 'boolean', default: false } };

/**
 * The specs, each for a process of its own: those that were asked for, else a room at a time, because a 32-bit process has 2 GiB
 * for everything, and all specs at once leave its threads too little. With `each` a file at a time, so that one that hangs costs
 * no other.
 */
export function specsOf({ native: nativeOnly, each }, asked) {
  const hasTests = (folder) => readdirSync(folder, { recursive: true }).some((path) => path.endsWith('.test.ts'));
  const rooms = readdirSync(join(root, 'test'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && hasTests(join(root, 'test', entry.name)))
    .map(({ name }) => name);
  const specs =
    asked.length > 0 ? asked : (nativeOnly ? native : rooms).map((name) => `build/js/test/${name}/**/*.test.js`);
  if (!each) return specs;
  return specs
    .flatMap((spec) => [lookupFiles(join(root, spec), ['js'])].flat().sort())
    .map((file) => relative(root, file));
}

/** Tells of each run at once; at the end a table of them all, and once more what failed: reports between each other are long. */
export class Report {
  #rows = [];
  #failures = [];

  /** @param {{ status: number | null, signal?: string | null, stdout: string, stderr: string }} ended */
  add(on, what, seconds, { status, signal, stdout, stderr }) {
    console.log(`\n── ${on}: ${what} (${Math.round(seconds)} s) ──`);
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    const count = (word) => Number(new RegExp(`^ +(\\d+) ${word}`, 'm').exec(stdout)?.[1] ?? 0);
    this.#rows.push({
      on,
      what,
      passing: count('passing'),
      failing: count('failing'),
      pending: count('pending'),
      seconds: Math.round(seconds),
      'exit code': signal ?? status,
    });
    if (status === 0) return;
    // mocha tells the failed tests after their number; if it got no further, what it was at is its last lines.
    const told = stdout.search(/^ +\d+ failing/m);
    const last = told < 0 ? stdout.trimEnd().split('\n').slice(-20).join('\n') : stdout.slice(told);
    this.#failures.push(`${on}: ${what}: exit code ${status}${signal ? `, ${signal}` : ''}\n${last}\n${stderr}`);
  }

  /** @returns {never} */
  end() {
    console.table(this.#rows);
    for (const failure of this.#failures) console.error(`\n── failed: ${failure}`);
    process.exit(this.#failures.length > 0 ? 1 : 0);
  }
}
