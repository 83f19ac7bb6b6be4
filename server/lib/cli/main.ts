#!/usr/bin/env node
import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { InvalidParameterError } from 'wxpay-face';
import { type MerchantServer, startMerchantServer } from '../merchant-server.js';
import { type Actor, tokenLine } from '../operation/audit.js';
import { tell } from '../operation/events.js';
import { logEvents } from '../operation/logs.js';
import { version } from '../operation/version.js';
import { roles } from '../people/person.js';
import { newTerminal, type Right, rights } from '../terminals/terminal.js';
import { exportAudit } from './audit.js';
import { readConfig } from './config.js';
import { prepareDatabase } from './database.js';
import { dayLines, deadLetterLines, differenceLines, replayed } from './jobs.js';
import { addPerson, personLines, removePerson } from './people.js';
import { reconcileNow } from './reconcile.js';
import { withTerminals } from './terminals.js';

const help = `wxpay-face-server start --config server.json [--restored YYYYMMDD]
wxpay-face-server terminal list --config server.json
wxpay-face-server terminal add --config server.json --name NAME --merchant NAME [--sub-merchant NAME]
                               --store-id ID --store-name NAME [--can ${rights.join(',')}]
                               [--refund-limit FEN]
wxpay-face-server terminal remove --config server.json --name NAME
wxpay-face-server person list --config server.json
wxpay-face-server person add --config server.json --name NAME --merchants NAME[,NAME…] --role ${roles.join('|')}
wxpay-face-server person remove --config server.json --name NAME
wxpay-face-server audit export --config server.json --from 2026-11-01 --to 2026-12-01 [--format ndjson|csv]
wxpay-face-server database prepare --config server.json --owner-env OWNER_DATABASE
wxpay-face-server webhook list --config server.json [--merchant NAME]
wxpay-face-server webhook replay --config server.json --id ID|all [--merchant NAME]
wxpay-face-server differences --config server.json [--merchant NAME] [--date YYYYMMDD]
wxpay-face-server days --config server.json [--merchant NAME] [--date YYYYMMDD]
wxpay-face-server reconcile --config server.json [--merchant NAME] [--date YYYYMMDD] [--no-sales]`;

const text = { type: 'string' } as const;
const options = {
  config: { ...text, default: 'server.json' },
  name: text,
  merchant: text,
  'sub-merchant': text,
  'store-id': text,
  'store-name': text,
  can: text,
  id: text,
  date: text,
  merchants: text,
  role: text,
  'refund-limit': text,
  restored: text,
  from: text,
  to: text,
  format: text,
  'owner-env': text,
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
  'no-sales': { type: 'boolean' },
} as const;

type Field = Exclude<keyof typeof options, 'help' | 'version' | 'no-sales'>;
type Given = Readonly<Partial<Record<Field, string>>> & { readonly config: string; readonly 'no-sales'?: boolean };

const isRight = (word: string): word is Right => rights.some((right) => right === word);

function required(given: Given, name: Field): string {
  const value = given[name];
  if (value === undefined) throw new InvalidParameterError(`--${name}`, 'is required');
  return value;
}

/** Who types a command, as the system knows them: in a container that may be a number without a name. */
function typist(): Actor {
  try {
    return { kind: 'command', name: userInfo().username };
  } catch {
    return { kind: 'command', name: String(process.getuid?.()) };
  }
}

/** Ends with the process's signals. */
async function start({ config, restored }: Given): Promise<void> {
  logEvents();
  const server = await startMerchantServer({
    ...(await readConfig(config)),
    ...(restored !== undefined && { restored }),
  });
  process.on('SIGHUP', () => void reload(server, config));
  let isClosing = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (isClosing) process.exit(1);
      isClosing = true;
      void server.close();
    });
}

/** Reads the merchants of the configuration again. What is wrong with it leaves everything as it was. */
async function reload(server: MerchantServer, config: string): Promise<void> {
  try {
    await server.reload((await readConfig(config)).merchants);
  } catch (error) {
    tell({ event: 'merchants-not-reloaded', server: server.id, why: messageOf(error) });
  }
}

/** The token is on standard output alone, and only now. */
async function add(given: Given): Promise<void> {
  const config = await readConfig(given.config);
  const [can, limit] = [given.can?.split(','), given['refund-limit']];
  if (can !== undefined && !can.every(isRight))
    throw new InvalidParameterError('--can', `must be some of ${rights.join(',')}`);
  const [merchant, sub_merchant] = [required(given, 'merchant'), given['sub-merchant']];
  const known = config.merchants.find(({ name }) => name === merchant);
  const isKnown =
    sub_merchant === undefined ? known?.sub_merchants === undefined : known?.sub_merchants?.[sub_merchant];
  if (known === undefined || !isKnown)
    throw new InvalidParameterError('--merchant', 'or --sub-merchant is none of the configuration');
  const { terminal, token } = newTerminal({
    name: required(given, 'name'),
    merchant,
    ...(sub_merchant !== undefined && { sub_merchant }),
    store_id: required(given, 'store-id'),
    store_name: required(given, 'store-name'),
    ...(can !== undefined && { can: can.filter(isRight) }),
    ...(limit !== undefined && { refundLimit: /^\d+$/.test(limit) ? Number(limit) : Number.NaN }),
  });
  await withTerminals(config, async (terminals, audit) => {
    await audit.write(tokenLine('terminal-added', terminal, typist()));
    await terminals.add(terminal);
  });
  console.log(token);
}

async function remove(given: Given): Promise<void> {
  const name = required(given, 'name');
  const isKnown = await withTerminals(await readConfig(given.config), async (terminals, audit) => {
    const known = (await terminals.list()).find((terminal) => terminal.name === name);
    if (known !== undefined) await audit.write(tokenLine('terminal-removed', known, typist()));
    return terminals.remove(name);
  });
  if (!isKnown) throw new InvalidParameterError('--name', 'is that of no terminal');
}

async function list({ config }: Given): Promise<void> {
  const terminals = await withTerminals(await readConfig(config), (all) => all.list());
  for (const { name, merchant, sub_merchant, store_id, store_name, can, refundLimit } of terminals)
    console.log(
      [
        name,
        [merchant, sub_merchant].filter(Boolean).join('/'),
        store_id,
        store_name,
        can.join(','),
        ...(refundLimit === undefined ? [] : [refundLimit]),
      ].join('\t'),
    );
}

async function addOne(given: Given): Promise<void> {
  const [name, merchants, role] = [required(given, 'name'), required(given, 'merchants'), required(given, 'role')];
  console.log(await addPerson(await readConfig(given.config), { name, merchants, role }, typist()));
}

const exported = async (given: Given): Promise<void> =>
  exportAudit(await readConfig(given.config), {
    from: required(given, 'from'),
    to: required(given, 'to'),
    format: given.format,
  });

async function prepared(given: Given): Promise<void> {
  const variable = required(given, 'owner-env');
  const role = await prepareDatabase(await readConfig(given.config), variable);
  console.log(`The tables are up to date, and ${role} may use them. The audit is only ever added to.`);
}

const printed =
  (linesOf: typeof deadLetterLines) =>
  async (given: Given): Promise<void> => {
    for (const line of await linesOf(await readConfig(given.config), given)) console.log(line);
  };

async function replayLetters(given: Given): Promise<void> {
  console.log(await replayed(await readConfig(given.config), required(given, 'id'), given));
}

/** The differences are on standard output, what is said of each bill beside them. */
async function reconciled(given: Given): Promise<void> {
  const { merchant, date, 'no-sales': isWithoutSales = false } = given;
  const wanted = { merchant, date, isWithoutSales };
  process.exitCode = await reconcileNow(await readConfig(given.config), wanted, ({ lines, said }) => {
    for (const line of lines) console.log(line);
    console.error(said);
  });
}

const commands: Readonly<Record<string, (given: Given) => Promise<void>>> = {
  start,
  'terminal add': add,
  'terminal remove': remove,
  'terminal list': list,
  'person add': addOne,
  'person remove': async (given) => removePerson(await readConfig(given.config), required(given, 'name'), typist()),
  'person list': async ({ config }) => {
    for (const line of await personLines(await readConfig(config))) console.log(line);
  },
  'audit export': exported,
  'database prepare': prepared,
  'webhook list': printed(deadLetterLines),
  'webhook replay': replayLetters,
  differences: printed(differenceLines),
  days: printed(dayLines),
  reconcile: reconciled,
};

/** The package's errors hold no secret; others are told by their message alone. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

try {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const command = commands[positionals.join(' ')];
  if (values.help) console.log(help);
  else if (values.version) console.log(version);
  else if (command === undefined) {
    console.error(help);
    process.exitCode = 2;
  } else await command(values);
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
