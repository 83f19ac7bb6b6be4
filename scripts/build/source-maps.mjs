// Takes this machine's paths out of dist's source maps: tsup's last step for CommonJS names its own input by its whole path.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';

for (const name of readdirSync('dist').filter((entry) => entry.endsWith('.map'))) {
  const path = join('dist', name);
  const map = JSON.parse(readFileSync(path, 'utf8'));
  const sources = map.sources.map((source) => (isAbsolute(source) ? basename(source) : source));
  const file = map.file && { file: basename(map.file) };
  writeFileSync(path, JSON.stringify({ ...map, ...file, sources }));
}
