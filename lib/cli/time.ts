const two = (number: number): string => String(number).padStart(2, '0');

/** East of Greenwich: +08:00. */
function zoneOf(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** The local day of a time in milliseconds since the epoch: 2026-11-26. */
export function localDay(time: number): string {
  const date = new Date(time);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** A time in milliseconds since the epoch, as the clock here shows it: 2026-11-26 20:48:22 +08:00. */
export function localTime(time: number): string {
  const date = new Date(time);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${localDay(time)} ${clock} ${zoneOf(date)}`;
}

/** The same of the gateway's, which are in China Standard Time: yyyyMMddHHmmss, or yyyy-MM-dd HH:mm:ss. */
export function localGatewayTime(text: string): string {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})-?(\d\d)-?(\d\d) ?(\d\d):?(\d\d):?(\d\d)$/.exec(text) ?? [];
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}+08:00`);
  return Number.isNaN(time) ? text : localTime(time);
}
