import { isAbsent } from '../fields.js';
import type { Fields } from '../unknown.js';
import { findCommand } from './commands.js';

/** Compares as far as `since` goes: '1.18' is met by 1.18.0.0. */
export function isOlder(version: string, since: string): boolean {
  const have = version.split('.').map(Number);
  for (const [index, wanted] of since.split('.').map(Number).entries()) {
    const part = have[index] ?? 0;
    if (part !== wanted) return part < wanted;
  }
  return false;
}

/** What of a request is newer than the library's version, and the SDK version that introduced it. */
export function newerThan(version: string, cmd: string, params: Fields): Array<{ what: string; since: string }> {
  const command = findCommand(cmd);
  if (command === undefined) return [];
  const used = command.since === undefined ? [] : [{ what: cmd, since: command.since }];
  for (const [field, { since }] of Object.entries(command.fields))
    if (since !== undefined && !isAbsent(params[field])) used.push({ what: `${cmd}'s parameter ${field}`, since });
  return used.filter(({ since }) => isOlder(version, since));
}
