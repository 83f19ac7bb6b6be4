// Runs real Windows programs on Debian: Wine from its packages, with prefixes of the project's own in build/wine.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureSystemPackages } from './system-packages.mjs';

/** A prefix has a Windows of its own in it: programs in one see nothing of those in another. */
const prefixOf = (name) => fileURLToPath(new URL(`../../build/wine/${name}`, import.meta.url));

function environment(name) {
  const env = {
    ...process.env,
    WINEPREFIX: prefixOf(name),
    WINEARCH: 'win64',
    WINEDEBUG: process.env.WINEDEBUG ?? '-all',
    // No installers for .NET and a browser, and no debugger in the way of a crash's exit code.
    WINEDLLOVERRIDES: 'mscoree,mshtml,winedbg.exe=',
    // Else Chinese arguments and file names arrive mangled.
    LC_ALL: 'C.UTF-8',
  };
  // No window; and nothing meant for the Linux Node.js.
  for (const name of ['DISPLAY', 'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'])
    delete env[name];
  return env;
}

/**
 * Goes before a command of Wine's: no randomised addresses. Linux puts the heap of Wine's loader anywhere within a GiB,
 * which holds the one page that Windows has at a fixed address (0x7ffe0000). Where that is taken, the new program dies at
 * its start ("failed to map the shared user data", measured: one in 3,600), and its parent gets `spawn UNKNOWN`.
 */
export const fixedAddresses = spawnSync('setarch', ['-R', 'true']).status === 0 ? ['setarch', '-R'] : [];
if (fixedAddresses.length === 0)
  console.error('setarch -R is not allowed here: under Wine, one program in some thousands will die at its start.');

/** Installs Wine for 64 and 32 bit if it is missing. */
export function ensureWine() {
  const release = /VERSION_CODENAME=(\w+)/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'bookworm';
  // The same version for both architectures, also where only one of them has a security update in reach.
  const options = ['-t', release, '--allow-downgrades'];
  ensureSystemPackages('running Windows programs (Wine)', ['wine', 'wine64', 'wine32:i386'], options);
}

function spawnFixed(command, options) {
  const [program, ...args] = [...fixedAddresses, ...command];
  return spawn(program, args, options);
}

const ended = (child) =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve({ status: null, signal: error.message }));
    child.once('close', (status, signal) => resolve({ status, signal }));
  });

/** Makes a prefix if it is missing. */
export async function ensurePrefix(name) {
  if (existsSync(join(prefixOf(name), 'system.reg'))) return;
  mkdirSync(prefixOf(name), { recursive: true });
  const run = (...command) => ended(spawnFixed(command, { env: environment(name), stdio: 'ignore' }));
  await run('wineboot', '-i');
  // A new prefix says Windows 7, and Node.js 18 and later exit with 216 there.
  await run('wine', 'winecfg', '-v', 'win10');
  await run('wineserver', '-w');
}

/**
 * Runs a Windows program to its end. libuv can't open a Unix pipe as stdio under Wine ("open EBADF"), so that it gets
 * files, whose content is returned.
 * @param prefix The prefix's name, see ensurePrefix.
 * @param timeout Milliseconds after which the program is ended.
 * @returns {Promise<{ status: number | null, signal: string | null, stdout: string, stderr: string }>}
 */
export async function runWindows(prefix, program, args, { cwd, timeout }) {
  const folder = mkdtempSync(join(tmpdir(), 'wine-output-'));
  const files = ['stdout', 'stderr'].map((name) => join(folder, name));
  const descriptors = files.map((file) => openSync(file, 'w'));
  const env = environment(prefix);
  try {
    const stdio = ['ignore', ...descriptors];
    const { status, signal } = await ended(
      spawnFixed(['wine', program, ...args], { cwd, env, stdio, timeout, killSignal: 'SIGKILL' }),
    );
    const [stdout = '', stderr = ''] = files.map((file) => readFileSync(file, 'utf8'));
    return { status, signal, stdout, stderr };
  } finally {
    // What the program left running: the children of one that was ended.
    await ended(spawn('wineserver', ['-k'], { env, stdio: 'ignore' }));
    descriptors.forEach(closeSync);
    rmSync(folder, { recursive: true, force: true });
  }
}
