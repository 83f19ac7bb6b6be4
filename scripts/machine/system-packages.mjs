// Debian's packages that a script needs: installs what is missing where it may, else says what to type.
import { spawnSync } from 'node:child_process';

const installed = (name) =>
  /^Status: install ok installed$/m.test(spawnSync('dpkg-query', ['-s', name], { encoding: 'utf8' }).stdout);

/**
 * @param {string} purpose what they are for, as the end of "… is needed for"
 * @param {string[]} packages by Debian's names; with `:i386` for the other architecture
 * @param {string[]} options for apt-get install
 */
export function ensureSystemPackages(purpose, packages, options = []) {
  const missing = packages.filter((name) => !installed(name));
  if (missing.length === 0) return;
  const apt = (...args) => {
    // Another apt may be at work. It is waited for; of its lock on the indexes apt can only say that it is taken.
    for (const until = Date.now() + 600_000; ; ) {
      const { status, stderr } = spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=600', ...args], {
        stdio: ['ignore', 'ignore', 'pipe'],
        encoding: 'utf8',
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
      if (status !== 0 && /Could not get lock/.test(stderr) && Date.now() < until) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000);
        continue;
      }
      process.stderr.write(stderr);
      return status === 0;
    }
  };
  const foreign = missing.some((name) => name.endsWith(':i386'));
  const install = ['install', '-y', '--no-install-recommends', ...options, ...missing];
  if (process.getuid?.() !== 0) {
    const commands = [foreign && 'dpkg --add-architecture i386', 'apt-get update', ['apt-get', ...install].join(' ')];
    console.error(`Debian packages are needed for ${purpose}. As root: ${commands.filter(Boolean).join(' && ')}`);
    process.exit(1);
  }
  console.log(`Installing ${missing.join(', ')} for ${purpose}`);
  if (foreign) spawnSync('dpkg', ['--add-architecture', 'i386'], { stdio: 'inherit' });
  // One index that is out of reach need not matter.
  apt('update', '-qq');
  if (!apt(...install)) {
    console.error(`apt-get could not install ${missing.join(', ')}, which ${purpose} needs.`);
    process.exit(1);
  }
}
