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
  const apt = (...args) =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
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
