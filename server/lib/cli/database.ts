import { InvalidParameterError } from 'wxpay-face';
import { Connections } from '../database/connections.js';
import type { MerchantServerOptions } from '../merchants/options.js';
import { prepare, roleOf } from '../operation/protection.js';

/**
 * Makes or changes the tables as their owner, and lets the role of the configuration's address use them.
 * @param variable Of the environment: holds the owner's address of the same database.
 * @returns the server's role.
 */
export async function prepareDatabase({ database }: MerchantServerOptions, variable: string): Promise<string> {
  if (database === undefined) throw new InvalidParameterError('database', 'is required');
  const address = process.env[variable];
  if (address === undefined) throw new InvalidParameterError('--owner-env', `names ${variable}, which is not set`);
  const [owner, server] = [new Connections(address), new Connections(database)];
  try {
    const role = await roleOf(server);
    if (role === (await roleOf(owner)))
      throw new InvalidParameterError(
        '--owner-env',
        'holds the address of the server’s own role: the owner must be another',
      );
    await prepare(owner, role);
    return role;
  } finally {
    await Promise.all([owner.close(), server.close()]);
  }
}
