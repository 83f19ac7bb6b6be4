// Runs real Windows programs on Debian: Wine from its packages, with a prefix of the project's own in build/wine.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureSystemPackages } from '../system-packages.mjs';

const prefix = fileURLToPath(new URL('../../build/wine', import.meta.url));

function environment() {
  const env = {
    ...process.env,
    WINEPREFIX: prefix,
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

/** Installs Wine for 64 and 32 bit and makes the prefix, where either is missing. */
export function ensureWine() {
  const release = /VERSION_CODENAME=(\w+)/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'bookworm';
  // The same version for both architectures, also where only one of them has a security update in reach.
  const options = ['-t', release, '--allow-downgrades'];
  ensureSystemPackages('running Windows programs (Wine)', ['wine', 'wine64', 'wine32:i386'], options);
  if (existsSync(join(prefix, 'system.reg'))) return;
  mkdirSync(prefix, { recursive: true });
  const run = (...command) => spawnSync(command[0], command.slice(1), { env: environment(), stdio: 'ignore' });
  run('wineboot', '-i');
  // A new prefix says Windows 7, and Node.js 18 and later exit with 216 there.
  run('wine', 'winecfg', '-v', 'win10');
  run('wineserver', '-w');
}

/**
 * Runs a Windows program to its end. libuv can't open a Unix pipe as stdio under Wine ("open EBADF"), so that it gets
 * files, whose content is returned.
 * @returns {{ status: number | null, stdout: string, stderr: string }}
 */
export function runWindows(program, args, { env = {}, timeout = 15 * 60 * 1000, cwd } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'wine-output-'));
  const files = ['stdout', 'stderr'].map((name) => join(folder, name));
  const descriptors = files.map((file) => openSync(file, 'w'));
  try {
    const { status } = spawnSync('wine', [program, ...args], {
      cwd,
      env: { ...environment(), ...env },
      stdio: ['ignore', ...descriptors],
      timeout,
      killSignal: 'SIGKILL',
    });
    const [stdout = '', stderr = ''] = files.map((file) => readFileSync(file, 'utf8'));
    return { status, stdout, stderr };
  } finally {
    descriptors.forEach(closeSync);
    rmSync(folder, { recursive: true, force: true });
  }
}
