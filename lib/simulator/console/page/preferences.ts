const prefix = 'wxpay-face-';
const year = 365 * 24 * 60 * 60;

/** What a person chose once, or undefined. */
export function recall(name: string): string | undefined {
  const start = `${prefix}${name}=`;
  return document.cookie
    .split('; ')
    .find((cookie) => cookie.startsWith(start))
    ?.slice(start.length);
}

/** A cookie, because the simulator's port is another one at its next start, and only cookies are the same for all ports. */
export function keep(name: string, value: string): void {
  Object.assign(document, { cookie: `${prefix}${name}=${value}; path=/; max-age=${year}; samesite=strict` });
}
