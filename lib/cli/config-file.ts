import { readFileSync } from 'node:fs';
import { type Fields, isFields } from '../unknown.js';
import { codeOf, UsageError } from './errors.js';

/** The file's text without the mark that Windows' editors put in front; undefined if none is there and none was named. */
export function readConfigFile(file: string, named: boolean): string | undefined {
  try {
    return readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    if (!named && codeOf(error) === 'ENOENT') return undefined;
    throw new UsageError(({ usage }) => usage.configUnreadable(file, codeOf(error)));
  }
}

/** @throws UsageError that quotes nothing of the file. */
export function parseConfig(file: string, text: string): Fields {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    // The parser's own words may quote what is in the file.
    const at = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    const line = at === undefined ? undefined : text.slice(0, Number(at)).split('\n').length;
    throw new UsageError(({ usage }) => usage.configNoJson(file, line));
  }
  if (!isFields(parsed)) throw new UsageError(({ usage }) => usage.configNoObject(file));
  return parsed;
}
