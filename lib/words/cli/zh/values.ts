const chinese = String.raw`[\p{Script=Han}\d，。：；！？（）]*`;

/** What is concrete in a sentence for technicians. */
const concrete = new RegExp(
  [
    // An address.
    String.raw`https?:\/\/[^\s;,，；]+[^\s;,，；:.]`,
    // A path, of either kind of system.
    String.raw`(?<![\w\/.])\/[\w.@+-]+(?:\/[\w.@+-]+)*`,
    String.raw`[A-Za-z]:\\[^\s;,"]+`,
    // A code: of the vendor, or of the system.
    String.raw`\b[A-Z][A-Z\d]*(?:_[A-Z\d]+)+\b`,
    String.raw`\b[A-Z]{4,}\d*\b`,
    // The vendor's own words.
    String.raw`${chinese}\p{Script=Han}${chinese}`,
  ].join('|'),
  'gu',
);

/** Words that are written in capitals and are no codes. */
const noCodes: ReadonlySet<string> = new Set(['JSON', 'HTML', 'HTTP', 'HTTPS', 'UTF']);

/** @returns '' if there is nothing, else the values in brackets, to follow a Chinese sentence. */
export function valuesOf(sentence: string): string {
  const values = [...sentence.matchAll(concrete)].map(([value]) => value).filter((value) => !noCodes.has(value));
  const different = [...new Set(values)];
  return different.length === 0 ? '' : `（${different.join('，')}）`;
}
