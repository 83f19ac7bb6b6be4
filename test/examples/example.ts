import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

// Compiled to build/<folder>/test/examples.
const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** Everything that was started or made, undone after each test. */
const cleanups: Array<() => void | Promise<void>> = [];
export const later = (cleanup: () => void | Promise<void>): void => void cleanups.push(cleanup);
export async function cleanUp(): Promise<void> {
  for (let cleanup = cleanups.pop(); cleanup; cleanup = cleanups.pop()) await cleanup();
}

/** Only `wxpay-face` itself is to be found in an example's own node_modules; the rest lies above it, in the project's. */
const forwards = {
  'package.json': JSON.stringify({ exports: { import: './index.mjs', require: './index.cjs' } }),
  'index.mjs': `export * from ${JSON.stringify(pathToFileURL(join(root, 'dist/index.js')).href)};\n`,
  'index.cjs': `module.exports = require(${JSON.stringify(join(root, 'dist/index.cjs'))});\n`,
};

/** An example as a user has it: a folder of its own, with its dependencies installed. Without a link: Wine has none. */
export function install(name: string): string {
  mkdirSync(join(root, 'build'), { recursive: true });
  const folder = mkdtempSync(join(root, 'build', 'example-'));
  later(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  cpSync(join(root, 'examples', name), folder, { recursive: true });
  const own = join(folder, 'node_modules', 'wxpay-face');
  mkdirSync(own, { recursive: true });
  for (const [file, text] of Object.entries(forwards)) writeFileSync(join(own, file), text);
  return folder;
}

/** A program of an example, and what it says. */
export interface Program {
  readonly process: ChildProcessWithoutNullStreams;
  /** All of its output until now. */
  output(): string;
  /** Resolves with the match once the output has it; rejects where the program ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  type(line: string): void;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

/** Starts a program in an example's folder. Ended after the test at the latest. */
export function start(folder: string, args: readonly string[]): Program {
  const child = spawn(process.execPath, args, { cwd: folder });
  let output = '';
  let wake: Array<() => void> = [];
  const hear = (): void => {
    const waiting = wake;
    wake = [];
    for (const one of waiting) one();
  };
  let isOver = false;
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      hear();
    });
  // A program that has ended is spoken to no more.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number | string | null>((settle) =>
    child.once('close', (code, signal) => {
      isOver = true;
      hear();
      settle(code ?? signal);
    }),
  );
  later(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    process: child,
    output: () => output,
    async says(pattern) {
      for (;;) {
        const match = pattern.exec(output);
        if (match) return match;
        if (isOver) throw new Error(`The program ended without saying ${pattern}:\n${output}`);
        await new Promise<void>((settle) => wake.push(settle));
      }
    },
    type: (line) => void child.stdin.write(`${line}\n`),
    ended,
  };
}
