import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { root, run } from '../machine/run.mjs';

export function stop(message) {
  console.error(`test-package: ${message}`);
  process.exit(1);
}

/**
 * Packs a package as it is published, and looks at what every tarball of this project must be.
 * @param home The package's folder. @param folder Where the tarball goes.
 */
export function pack(home, folder) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [packed] = JSON.parse(run('npm', args, { cwd: home, stdio: ['ignore', 'pipe', 'inherit'] }));
  const files = new Map(packed.files.map(({ path }) => [path, readFileSync(join(home, path))]));
  const size = `${(packed.size / 1024 ** 2).toFixed(2)} MB packed`;
  console.log(`${packed.filename}: ${files.size} files, ${size}`);
  // Who reads in node_modules finds what a page leads to. Code may hold what looks like a link.
  for (const [page, bytes] of files) {
    if (!page.endsWith('.md')) continue;
    const text = bytes.toString().replace(/^```[\s\S]*?^```$/gm, '');
    for (const [, link] of text.matchAll(/\]\((?![a-z]+:|#)([^)\s#]+)/g)) {
      const target = posix.join(posix.dirname(page), link);
      const isThere = files.has(target) || [...files.keys()].some((path) => path.startsWith(`${target}/`));
      if (!isThere) stop(`${page} leads to ${link}, which is missing from the tarball`);
    }
  }
  for (const [path, bytes] of files) if (bytes.includes(root)) stop(`${path} names a path of this machine`);
  const manifest = JSON.parse(files.get('package.json'));
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare'])
    if (manifest.scripts?.[name]) stop(`there is a script "${name}"`);
  const path = join(folder, packed.filename);
  return { path, manifest, files, size: packed.size, integrity: packed.integrity };
}

/** A project of somebody's who uses the tarballs. */
export function project(home, tarballs, manifest = {}) {
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: 'consumer', private: true, ...manifest }));
  run('npm', ['install', '--silent', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs], {
    cwd: home,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return home;
}
