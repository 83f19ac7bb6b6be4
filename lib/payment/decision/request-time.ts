/* Whose payment a SUCCESS shows: one from before our request is another sale's (docs/facts.md#a-number-of-another-sale). */

const minute = 60_000;
const hour = 60 * minute;

/** When the payment was requested. Milliseconds; `monotonic` counts only in the run of the program that wrote it. */
export interface Requested {
  readonly wall: number;
  readonly run: string;
  readonly monotonic: number;
  /** By the gateway's clock; unknown until it has answered once. */
  readonly gateway?: number;
}

/** Milliseconds since the epoch, by this machine's clock and, if it's known, by the gateway's. */
export interface Now {
  readonly wall: number;
  readonly gateway?: number | undefined;
}

/**
 * A moment by the gateway's clock, as far as that is known: if it isn't now, the till's clock is thought to be wrong by what it
 * was at the request.
 */
export const byGateway = ({ wall, gateway }: Now, requested: Requested): number =>
  gateway ?? wall + ((requested.gateway ?? requested.wall) - requested.wall);

/**
 * The moment before which no payment can be ours; undefined if it can't be said. The gateway's clock is trusted to two
 * minutes; the till's only if it agrees with the gateway's now, and then to an hour.
 */
export function earliestOwn({ gateway, wall }: Requested, now: Now): number | undefined {
  if (gateway !== undefined) return gateway - 2 * minute;
  if (now.gateway !== undefined && Math.abs(now.wall - now.gateway) > 5 * minute) return undefined;
  // A request in the future: the till's clock was wrong then.
  if (wall > now.wall + 5 * minute) return undefined;
  return wall - hour;
}

/** Vendor's yyyyMMddHHmmss, Beijing, as milliseconds since the epoch; undefined if it is none. */
export function beijingTime(text: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map(Number);
  const time = Date.UTC(year, month - 1, day, hours - 8, minutes, seconds);
  return Number.isNaN(time) ? undefined : time;
}
