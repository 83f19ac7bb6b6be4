/** The entry of a table of words for a key that may be none of them; the key itself then. */
export const named = (table: Readonly<Record<string, string>>, key: string): string =>
  Object.hasOwn(table, key) ? (table[key] ?? key) : key;
