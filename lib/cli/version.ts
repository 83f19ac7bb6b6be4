import { readFileSync } from 'node:fs';

/** Of this package. Its own file lies one folder above the built command. */
export function packageVersion(): string {
  const packageFile: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return String(Object(packageFile).version);
}
