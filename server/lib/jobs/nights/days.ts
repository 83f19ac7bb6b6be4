/* Which days' bills are asked for, and when. Days are Beijing's, which has no summer time. */

/** Milliseconds. */
const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
/** A day's bill is there at ten on the next morning (docs/facts.md#bills). */
const ready = 10 * hour;
/** Between two questions for a bill that wasn't there, or whose day could not be reconciled. */
const pause = 50 * minute;
/** After it should have been there: from then on a bill that is missing is one without rows. */
const isLate = 2 * day;
/** How far back days are looked for that nobody reconciled. The gateway keeps bills for three months. */
const most = 85;

/** The day of a moment, yyyyMMdd. */
export const billDateOf = (time: number): string =>
  new Date(time + 8 * hour).toISOString().slice(0, 10).replaceAll('-', '');

/** When a day's bill should be there. */
export const readyAt = (bill_date: string): number => {
  const [year, month, date] = [bill_date.slice(0, 4), bill_date.slice(4, 6), bill_date.slice(6, 8)];
  return Date.parse(`${year}-${month}-${date}T00:00:00+08:00`) + day + ready;
};

/** Whether a text is a day of the calendar, yyyyMMdd. */
export const isDay = (text: string): boolean =>
  /^\d{8}$/.test(text) && !Number.isNaN(readyAt(text)) && billDateOf(readyAt(text) - ready - day) === text;

/** The last day whose bill is there. */
const lastDay = (now: number): string => billDateOf(now - ready - day);

/** What is known of a day. */
export interface AskedDay {
  readonly bill_date: string;
  readonly askedAt: Date;
  readonly isReconciled: boolean;
}

/**
 * The days of a merchant to be reconciled now, the oldest first: from its first day on, or, of one that has none yet, the
 * last day alone.
 */
export function openDays(asked: readonly AskedDay[], now: number): string[] {
  const last = lastDay(now);
  const known = new Map(asked.map((each) => [each.bill_date, each]));
  const [first = last] = [last, ...known.keys()].sort();
  const days: string[] = [];
  for (let back = most; back >= 0; back -= 1) {
    const bill_date = billDateOf(readyAt(last) - ready - day - back * day);
    const { isReconciled = false, askedAt } = known.get(bill_date) ?? {};
    const isSoon = askedAt !== undefined && now - askedAt.getTime() < pause;
    if (bill_date >= first && !isReconciled && !isSoon) days.push(bill_date);
  }
  return days;
}

/** Whether a bill that is missing has to be taken for one without rows. */
export const isOverdue = (bill_date: string, now: number): boolean => now - readyAt(bill_date) >= isLate;
