import { InvalidParameterError } from 'wxpay-face';
import { Connections } from '../database/connections.js';
import { migrate } from '../database/migrations.js';
import type { MerchantServerOptions } from '../merchants/options.js';
import { FilePeople } from '../people/file-people.js';
import { isRole, newPerson, type People, roles } from '../people/person.js';
import { PostgresPeople } from '../people/postgres-people.js';

/* The people of a configuration, beside servers that run: what is changed holds at once. */

async function withPeople<T>(
  { database, folder }: MerchantServerOptions,
  use: (people: People) => Promise<T>,
): Promise<T> {
  if (database === undefined) {
    if (folder === undefined) throw new InvalidParameterError('database', 'or folder is required');
    return use(new FilePeople(folder));
  }
  const connections = new Connections(database);
  try {
    await migrate(connections);
    return await use(new PostgresPeople(connections));
  } finally {
    await connections.close();
  }
}

/** As the server names them: a provider's sub-merchants as `provider/sub`. */
const namesIn = ({ merchants }: MerchantServerOptions): string[] =>
  merchants.flatMap(({ name, sub_merchants }) =>
    sub_merchants === undefined ? [name] : Object.keys(sub_merchants).map((sub) => `${name}/${sub}`),
  );

/** Returns its token: it is nowhere else, and never again. */
export async function addPerson(
  config: MerchantServerOptions,
  { name, merchants, role }: Readonly<Record<'name' | 'merchants' | 'role', string>>,
): Promise<string> {
  if (!isRole(role)) throw new InvalidParameterError('--role', `must be one of ${roles.join(', ')}`);
  const { person, token } = newPerson({ name, merchants: merchants.split(','), role }, namesIn(config));
  await withPeople(config, (people) => people.add(person));
  return token;
}

export async function removePerson(config: MerchantServerOptions, name: string): Promise<void> {
  const isKnown = await withPeople(config, (people) => people.remove(name));
  if (!isKnown) throw new InvalidParameterError('--name', 'is that of nobody');
}

export async function personLines(config: MerchantServerOptions): Promise<string[]> {
  const all = await withPeople(config, (people) => people.list());
  return all.map(({ name, merchants, role }) => [name, role, merchants.join(',')].join('\t'));
}
