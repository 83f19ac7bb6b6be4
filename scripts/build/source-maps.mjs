// Takes out of dist's source maps what a tarball of 5 MB has no room for, the texts of the sources; and this machine's paths: tsup's
// last step for CommonJS names its own input by its whole path. A stack still tells file and line.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';

for (const name of readdirSync('dist').filter((entry) => entry.endsWith('.map'))) {
  const path = join('dist', name);
  const { sourcesContent: _, ...map } = JSON.parse(readFileSync(path, 'utf8'));
  const sources = map.sources.map((source) => (isAbsolute(source) ? basename(source) : source));
  const file = map.file && { file: basename(map.file) };
  writeFileSync(path, JSON.stringify({ ...map, ...file, sources }));
}
