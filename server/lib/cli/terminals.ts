import { InvalidParameterError } from 'wxpay-face';
import { Connections } from '../database/connections.js';
import { migrate } from '../database/migrations.js';
import type { MerchantServerOptions } from '../merchants/options.js';
import { type Audit, noAudit, PostgresAudit } from '../operation/audit.js';
import { FileTerminals } from '../terminals/file-terminals.js';
import { PostgresTerminals } from '../terminals/postgres-terminals.js';
import type { Terminals } from '../terminals/terminal.js';

/** The terminals of a configuration, beside servers that run: what is changed holds at once. */
export async function withTerminals<T>(
  { database, folder }: MerchantServerOptions,
  use: (terminals: Terminals, audit: Audit) => Promise<T>,
): Promise<T> {
  if (database === undefined) {
    if (folder === undefined) throw new InvalidParameterError('database', 'or folder is required');
    return use(await FileTerminals.open(folder), noAudit);
  }
  const connections = new Connections(database);
  try {
    await migrate(connections);
    return await use(new PostgresTerminals(connections), new PostgresAudit(connections, null));
  } finally {
    await connections.close();
  }
}
