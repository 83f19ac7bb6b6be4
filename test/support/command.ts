import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect } from 'chai';

const root = dirname(createRequire(import.meta.url).resolve('wxpay-face/package.json'));
const cli = join(root, 'dist', 'cli.js');

/** What no output may contain, whatever the command: the forms of codes, credentials and personal data. */
const secrets: Readonly<Record<string, RegExp>> = {
  'an auth_code': /(?<![\d])1[0-5]\d{16}(?!\d)/,
  'a face_code': /\b[0-9a-f]{48}\b/,
  'an authinfo or rawdata': /[A-Za-z0-9+/]{100}/,
  'an openid': /oSim[0-9a-f]{24}/,
  'a private key': /PRIVATE KEY/,
};

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
  /** With --json: the documents of stdout. */
  documents: Array<Record<string, unknown>>;
  /** The last of them. */
  result: Record<string, unknown>;
}

export interface Options {
  env?: Record<string, string>;
  cwd?: string;
  input?: string;
  /** Values that must not be seen, such as the key. */
  hidden?: readonly string[];
}

/** The built command in a process of its own. Whatever it prints is held against the secrets, and --json against its promise. */
export class Command {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #json: boolean;
  readonly #hidden: readonly string[];
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], { env = {}, cwd, input, hidden = [] }: Options = {}) {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(?:WXPAY_FACE_|LANG|LC_)/.test(name));
    this.#json = args.includes('--json');
    this.#hidden = hidden;
    this.#child = spawn(process.execPath, [cli, ...args], {
      // English, unless the test says another language.
      env: { ...Object.fromEntries(inherited), LANG: 'C', ...env },
      ...(cwd !== undefined && { cwd }),
    });
    this.#child.stdout.setEncoding('utf8').on('data', (text) => (this.stdout += text));
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text));
    this.#child.stdin.on('error', () => undefined);
    if (input === undefined) return;
    this.#child.stdin.end(input);
  }

  /** Resolves when it has printed this, on either stream. */
  async says(words: string | RegExp, times = 1): Promise<void> {
    const pattern = typeof words === 'string' ? new RegExp(words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'g') : words;
    while ([...`${this.stdout}\n${this.stderr}`.matchAll(pattern)].length < times) {
      if (this.#child.exitCode !== null)
        throw new Error(`It ended without saying ${words}: ${this.stdout}${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  interrupt(): void {
    this.#child.kill('SIGINT');
  }

  /** As a power cut does. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async ended(): Promise<Ended> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'close');
    const { stdout, stderr } = this;
    for (const [what, form] of Object.entries(secrets)) expect(`${stdout}${stderr}`, what).not.to.match(form);
    for (const value of this.#hidden) expect(`${stdout}${stderr}`.includes(value), 'a hidden value').to.equal(false);
    const code = this.#child.exitCode;
    const lines = this.#json ? stdout.split('\n').filter((line) => line !== '') : [];
    const documents = lines.map((line): Record<string, unknown> => JSON.parse(line));
    const result = documents[documents.length - 1] ?? {};
    if (this.#json && code !== null) {
      expect(result.type).to.be.oneOf(['result', 'error']);
      expect(result.exitCode).to.equal(code);
    }
    return { code, stdout, stderr, documents, result };
  }
}

export const run = (args: readonly string[], options?: Options): Promise<Ended> =>
  new Command(args, { input: '', ...options }).ended();
