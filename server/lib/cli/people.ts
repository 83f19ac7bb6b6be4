import { InvalidParameterError } from 'wxpay-face';
import { Connections } from '../database/connections.js';
import { migrate } from '../database/migrations.js';
import type { MerchantServerOptions } from '../merchants/options.js';
import { type Actor, type Audit, noAudit, PostgresAudit, tokenLine } from '../operation/audit.js';
import { FilePeople } from '../people/file-people.js';
import { isRole, newPerson, type People, roles } from '../people/person.js';
import { PostgresPeople } from '../people/postgres-people.js';

/* The people of a configuration, beside servers that run: what is changed holds at once. */

async function withPeople<T>(
  { database, folder }: MerchantServerOptions,
  use: (people: People, audit: Audit) => Promise<T>,
): Promise<T> {
  if (database === undefined) {
    if (folder === undefined) throw new InvalidParameterError('database', 'or folder is required');
    return use(new FilePeople(folder), noAudit);
  }
  const connections = new Connections(database);
  try {
    await migrate(connections);
    return await use(new PostgresPeople(connections), new PostgresAudit(connections, null));
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
  actor: Actor,
): Promise<string> {
  if (!isRole(role)) throw new InvalidParameterError('--role', `must be one of ${roles.join(', ')}`);
  const { person, token } = newPerson({ name, merchants: merchants.split(','), role }, namesIn(config));
  await withPeople(config, async (people, audit) => {
    await audit.write(tokenLine('person-added', person, actor));
    await people.add(person);
  });
  return token;
}

export async function removePerson(config: MerchantServerOptions, name: string, actor: Actor): Promise<void> {
  const isKnown = await withPeople(config, async (people, audit) => {
    const known = (await people.list()).find((person) => person.name === name);
    if (known !== undefined) await audit.write(tokenLine('person-removed', known, actor));
    return people.remove(name);
  });
  if (!isKnown) throw new InvalidParameterError('--name', 'is that of nobody');
}

export async function personLines(config: MerchantServerOptions): Promise<string[]> {
  const all = await withPeople(config, (people) => people.list());
  return all.map(({ name, merchants, role }) => [name, role, merchants.join(',')].join('\t'));
}
