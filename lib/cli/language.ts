import type { Language } from '../words/language.js';

/** A locale's name, of POSIX (zh_CN.UTF-8) or of the web (zh-Hans-CN). */
const languageOfLocale = (locale: string): Language => (/^zh(?![a-z])/i.test(locale) ? 'zh' : 'en');

/** The last --lang, as commander counts; undefined if there is none, or another language's. */
function namedIn(args: readonly string[]): Language | undefined {
  const end = args.indexOf('--');
  const options = end === -1 ? args : args.slice(0, end);
  const named = options.flatMap((arg, index) => {
    if (arg === '--lang') return options[index + 1] ?? [];
    return arg.startsWith('--lang=') ? arg.slice('--lang='.length) : [];
  });
  const last = named.pop();
  return last === 'zh' || last === 'en' ? last : undefined;
}

/**
 * In which language people are told: that of --lang, else the system's. The environment says it in the order of POSIX,
 * in which an empty variable counts as absent and C is English; Windows sets none, but has its user's locale.
 * @param userLocale Called if the environment says nothing.
 */
export function languageOf(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  userLocale: () => string,
): Language {
  const set = env.LC_ALL || env.LC_MESSAGES || env.LANG;
  return namedIn(args) ?? languageOfLocale(set || userLocale());
}

/** The locale of this system's user if no environment variable says it. */
export const userLocale = (): string =>
  process.platform === 'win32' ? Intl.DateTimeFormat().resolvedOptions().locale : 'C';
