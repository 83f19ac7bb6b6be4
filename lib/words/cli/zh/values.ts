/** What is concrete in a sentence for technicians: addresses, paths, codes, and the vendor's own Chinese words. */
const concrete =
  /https?:\/\/[^\s;,，；]+[^\s;,，；:.]|(?<![\w/.])\/[\w.@+-]+(?:\/[\w.@+-]+)*|[A-Za-z]:\\[^\s;,"]+|\b[A-Z][A-Z\d]*(?:_[A-Z\d]+)+\b|\b(?:E[A-Z]{3,}|[A-Z]{4,}\d*)\b|[\p{Script=Han}\d，。：；！？（）]*\p{Script=Han}[\p{Script=Han}\d，。：；！？（）]*/gu;

/** Words that are written in capitals and are no codes. */
const noCodes: ReadonlySet<string> = new Set(['JSON', 'HTML', 'HTTP', 'HTTPS', 'UTF']);

/** @returns '' if there is nothing, else the values in brackets, to follow a Chinese sentence. */
export function valuesOf(sentence: string): string {
  const values = [...sentence.matchAll(concrete)].map(([value]) => value).filter((value) => !noCodes.has(value));
  const different = [...new Set(values)];
  return different.length === 0 ? '' : `（${different.join('，')}）`;
}
