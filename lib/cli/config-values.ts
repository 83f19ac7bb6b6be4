import { readFileSync } from 'node:fs';
import { codeOf, UsageError } from './errors.js';

/** What was configured, by the fields' dotted names. */
export type Values = ReadonlyMap<string, unknown>;

export type Reader = ReturnType<typeof reader>;

/** Typed access to what was gathered, whose types were checked by {@link checked}. */
export function reader(values: Values) {
  const text = (name: string): string | undefined => {
    const value = values.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const has = (prefix: string): boolean => [...values.keys()].some((name) => name.startsWith(`${prefix}.`));
  /** The fields right under a name. */
  const under = (prefix: string): Array<[string, unknown]> =>
    [...values].flatMap(([name, value]): Array<[string, unknown]> => {
      const field = name.slice(prefix.length + 1);
      return name.startsWith(`${prefix}.`) && !field.includes('.') ? [[field, value]] : [];
    });
  return {
    text,
    has,
    texts: (prefix: string): Record<string, string> =>
      Object.fromEntries(
        under(prefix).flatMap(
          ([name, value]): Array<[string, string]> => (typeof value === 'string' ? [[name, value]] : []),
        ),
      ),
    numbers: (prefix: string): Record<string, number> =>
      Object.fromEntries(
        under(prefix).flatMap(
          ([name, value]): Array<[string, number]> => (typeof value === 'number' ? [[name, value]] : []),
        ),
      ),
  };
}

/** @throws UsageError that names field and file. */
export function contents(name: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(({ usage }) => usage.fileUnreadable(name, file, codeOf(error)), name);
  }
}

/** @throws UsageError for another word. */
export function choice<Word extends string>(
  name: string,
  words: readonly Word[],
  text: string | undefined,
): Word | undefined {
  if (text === undefined) return undefined;
  const word = words.find((known) => known === text);
  if (word === undefined) throw new UsageError(({ usage }) => usage.oneOf(name, words), name);
  return word;
}
