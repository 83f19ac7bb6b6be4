/** Sentences that others write, by their form; and what each means, by its groups. An absent group is ''. */
export type Translations = ReadonlyArray<readonly [form: RegExp, meaning: (...groups: string[]) => string]>;

/** @param otherwise What is said of a sentence that nobody has listed. */
export function translated(table: Translations, text: string, otherwise: (text: string) => string): string {
  for (const [form, meaning] of table) {
    const found = form.exec(text);
    if (found !== null) return meaning(...found.slice(1).map((group) => group ?? ''));
  }
  return otherwise(text);
}
