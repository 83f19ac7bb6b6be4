import { InvalidParameterError } from '../errors.js';
import { shown } from '../fields.js';
import { beijingTime } from '../payment/decision/request-time.js';

/** A day in Beijing, which has no summer time. Milliseconds since the epoch. */
export interface Day {
  readonly from: number;
  /** The next day's start. */
  readonly to: number;
}

const milliseconds = 24 * 60 * 60 * 1000;

/** @throws InvalidParameterError if it is not a day as yyyyMMdd. */
export function dayOf(bill_date: string): Day {
  const from = typeof bill_date === 'string' ? beijingTime(`${bill_date}000000`) : undefined;
  if (from === undefined || billDateOf(from) !== bill_date)
    throw new InvalidParameterError('bill_date', `must be a day as yyyyMMdd, not ${shown(bill_date)}`);
  return { from, to: from + milliseconds };
}

/** The day of a moment as a bill's date, yyyyMMdd. */
export const billDateOf = (time: number): string =>
  new Date(time + milliseconds / 3).toISOString().slice(0, 10).replaceAll('-', '');

export const isIn = (time: number | undefined, { from, to }: Day): boolean =>
  time !== undefined && time >= from && time < to;
