import { once } from 'node:events';
import { InvalidParameterError } from 'wxpay-face';
import { Connections } from '../database/connections.js';
import type { MerchantServerOptions } from '../merchants/options.js';
import { auditFormats, auditLines } from '../operation/audit.js';

/** A day is China's, as those of the bills are. */
function momentOf(field: string, given: string): Date {
  const moment = new Date(/^\d{4}-\d\d-\d\d$/.test(given) ? `${given}T00:00:00+08:00` : given);
  const isWhole = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(given);
  if (!isWhole || Number.isNaN(moment.getTime()))
    throw new InvalidParameterError(
      field,
      'must be a day, 2026-11-27, or a moment with its zone, 2026-11-27T08:00:00+08:00',
    );
  return moment;
}

/** Writes the audit's lines of a time, from inclusive, to exclusive, to standard output. */
export async function exportAudit(
  { database }: MerchantServerOptions,
  { from, to, format = 'ndjson' }: { from: string; to: string; format: string | undefined },
): Promise<void> {
  if (database === undefined) throw new InvalidParameterError('database', 'is required: the audit needs one');
  const as = Object.hasOwn(auditFormats, format) ? auditFormats[format] : undefined;
  if (as === undefined)
    throw new InvalidParameterError('--format', `must be one of ${Object.keys(auditFormats).join(', ')}`);
  const [first, last] = [momentOf('--from', from), momentOf('--to', to)];
  const connections = new Connections(database);
  const write = async (text: string): Promise<void> => {
    if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain');
  };
  try {
    await write(as.header);
    for await (const line of auditLines(connections, first, last)) await write(as.line(line));
  } finally {
    await connections.close();
  }
}
