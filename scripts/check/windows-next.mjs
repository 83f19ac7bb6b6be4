// Runs the test suite on Windows Node.js 24 and 26, which Debian 12's Wine 8 is too old for:
//   node scripts/check/windows-next.mjs [--node 24] [--native] [--each] [spec …], see windows.mjs
// Wine 10 comes from Debian 13, in a folder of its own (build/wine10, 3 GB); the project is mounted into it for the run.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { getNode } from '../machine/get-node.mjs';
import { root, run, script } from '../machine/run.mjs';
import { ensureSystemPackages } from '../machine/system-packages.mjs';
import { fixedAddresses } from '../machine/wine.mjs';
import { mocha, Report, runTimeout, specOptions, specsOf } from './windows-report.mjs';

const { values, positionals } = parseArgs({
  options: { node: { type: 'string' }, ...specOptions },
  allowPositionals: true,
});
const versions = ['24', '26'].filter((each) => values.node === undefined || each === values.node);

const chroot = join(root, 'build', 'wine10');

function mirror() {
  const folder = '/etc/apt/sources.list.d';
  const lists = ['/etc/apt/sources.list', ...readdirSync(folder).map((name) => join(folder, name))];
  const text = lists
    .filter(existsSync)
    .map((list) => readFileSync(list, 'utf8'))
    .join('\n');
  const [, found] = /^(?:URIs:|deb)\s+(?:\[.*?\]\s+)?(http\S+\/debian\/?)(?=\s|$)/m.exec(text) ?? [];
  if (found) return found;
  console.error("test:windows:next found no mirror of Debian in apt's sources.");
  process.exit(1);
}

if (process.getuid?.() !== 0) {
  console.error('test:windows:next makes a Debian 13 in a folder and mounts into it, which only root may.');
  process.exit(1);
}
ensureSystemPackages('a Debian 13 in a folder', ['debootstrap']);
if (!existsSync(join(chroot, 'usr', 'bin', 'wine'))) {
  rmSync(chroot, { recursive: true, force: true });
  run('debootstrap', ['--variant=minbase', 'trixie', chroot, mirror()]);
  run('chroot', [chroot, 'apt-get', 'update']);
  run('chroot', [chroot, 'apt-get', 'install', '-y', '--no-install-recommends', 'wine', 'wine64'], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}
script('build/setup.mjs');
script('build/prebuild.mjs');
run('npm', ['run', '--silent', 'compile']);

// In a mount namespace of its own, so that nothing stays mounted. Output goes by files, see wine.mjs.
const inside = `
  mount --bind /proc "$CHROOT/proc" && mount --bind /dev "$CHROOT/dev" && mkdir -p "$CHROOT$ROOT" &&
  mount --bind "$ROOT" "$CHROOT$ROOT" && cp /etc/hosts "$CHROOT/etc/hosts" &&
  exec chroot "$CHROOT" /bin/bash -c '
    cd "$ROOT"
    [ -d "$WINEPREFIX" ] || { wineboot -i; wineserver -w; } >/dev/null 2>&1
    timeout --signal KILL "$SECONDS_FOR_IT" wine "$@" </dev/null >/tmp/out 2>/tmp/err
    status=$?
    wineserver -k
    cat /tmp/out
    cat /tmp/err >&2
    exit $status' wine "$@"`;
const env = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  CHROOT: chroot,
  ROOT: root.replace(/\/$/, ''),
  SECONDS_FOR_IT: String(runTimeout / 1000),
  HOME: '/root',
  WINEPREFIX: '/root/.wine',
  WINEARCH: 'win64',
  WINEDEBUG: '-all',
  WINEDLLOVERRIDES: 'mscoree,mshtml,winedbg.exe=',
  LC_ALL: 'C.UTF-8',
};
const report = new Report();
const specs = specsOf(values, positionals);
for (const major of versions)
  for (const spec of specs) {
    const inFolder = ['unshare', '-m', 'bash', '-c', inside, 'inside'];
    const [program, ...args] = [...fixedAddresses, ...inFolder, getNode(major, 'win32-x64'), ...mocha, spec];
    const began = performance.now();
    const stdio = ['ignore', 'pipe', 'pipe'];
    const ended = spawnSync(program, args, { env, stdio, encoding: 'utf8', maxBuffer: 2 ** 28 });
    report.add(`win32-x64, Node.js ${major}, Wine 10`, spec, (performance.now() - began) / 1000, ended);
  }
report.end();
