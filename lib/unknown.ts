/* What a value from elsewhere is: from storage, a file, or a program in JavaScript. */

export type Fields = Readonly<Record<string, unknown>>;

/** An object by the names of its fields, and no list. */
export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isString = (value: unknown): value is string => typeof value === 'string';
export const isNumber = (value: unknown): value is number => typeof value === 'number';
export const isWhole = (value: unknown): value is number => isNumber(value) && Number.isSafeInteger(value);

export const isOptional = (value: unknown, is: (value: unknown) => boolean): boolean =>
  value === undefined || is(value);

export const isOneOf =
  (...words: string[]) =>
  (value: unknown): boolean =>
    isString(value) && words.includes(value);
