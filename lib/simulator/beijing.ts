const hour = 60 * 60 * 1000;

/** Milliseconds. */
export const day = 24 * hour;

const written = (at: number): string => new Date(at + 8 * hour).toISOString();

/** The vendor's yyyyMMddHHmmss: its times are Beijing times. */
export const compactTime = (at: number): string => written(at).replace(/\D/g, '').slice(0, 14);

/** yyyy-MM-dd HH:mm:ss, as in refunds and bills. */
export const spacedTime = (at: number): string => written(at).slice(0, 19).replace('T', ' ');

/** The day yyyyMMdd that a time belongs to. */
export const dayOf = (at: number): string => compactTime(at).slice(0, 8);

/** When a day yyyyMMdd begins; NaN if there is no such day. */
export function beginOf(date: string): number {
  if (!/^\d{8}$/.test(date)) return Number.NaN;
  const begin = Date.parse(`${date.replace(/(....)(..)(..)/, '$1-$2-$3')}T00:00:00+08:00`);
  // A 31st of June is read as the 1st of July by some versions of the engine.
  return Number.isNaN(begin) || dayOf(begin) !== date ? Number.NaN : begin;
}
