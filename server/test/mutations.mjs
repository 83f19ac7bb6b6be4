// Breaks one rule of the protocol at a time, in what was compiled, and runs the test that must notice: npm run test:server:mutations
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What rule is left out, file, what to find (once), what to write instead, the test's file and a part of its name. */
const mutations = [
  ['an unfinished record is its owner’s', 'journal/rows', 'r.owner = $3 and ', '', 'claims', 'lost to who had it'],
  [
    'nothing is stored over a cancel()',
    'journal/rows',
    ' and (w.is_given_up or not r.given_up)',
    '',
    'contract',
    'stores nothing over a cancel()',
  ],
  [
    'a claim raises the revision',
    'database/caretaker',
    'revision = r.revision + 1, ',
    '',
    'claims',
    'at once if it was closed',
  ],
  [
    'a claim has a write of its own',
    'database/caretaker',
    ', write_id = gen_random_uuid()',
    '',
    'faults',
    'told from the claim',
  ],
  [
    'who lost its own lease does not claim',
    'database/caretaker',
    'me."isTrusted"',
    'true',
    'claims',
    'stays with the living',
  ],
  [
    'only the dead are claimed from',
    'database/caretaker',
    's.until < now()',
    'true',
    'claims',
    'nothing of those who live',
  ],
  [
    'records of other schemas are left alone',
    'database/caretaker',
    '[]) and schema = $',
    '[]) and 1 = $',
    'claims',
    'by a version that this one does not know',
  ],
  [
    'what it does not run it takes up',
    'database/caretaker',
    'await this.#sweep();',
    '',
    'claims',
    'the answer of its claim was lost',
  ],
  [
    'what is claimed waits for no more than it must',
    'database/caretaker',
    'void this.#claims.run();',
    'await this.#claims.run();',
    'claims',
    'while the rest of the work goes on',
  ],
  [
    'a doubtful write is known by its id',
    'journal/verdict',
    "if (row.writeId === writeId)\n        return 'stored';",
    '',
    'faults',
    'next record written down once though it loses its answer',
  ],
  [
    'revision and data prove nothing',
    'journal/verdict',
    'row.writeId === writeId',
    'row.revision === record.revision',
    'faults',
    'that has the same revision',
  ],
  [
    'what was given up is heard after the restart',
    'database/caretaker',
    'await this.#poll();\n            if (rows.length < batch)',
    'if (rows.length < batch)',
    'claims',
    'first the restart, then the cancel',
  ],
  [
    'a lease ends',
    'database/lease',
    'since(this.#renewedAt) < this.duration * (1 - margin)',
    'true',
    'claims',
    'lost to who had it',
  ],
  [
    'who is out of touch begins no payment',
    'journal/postgres-journal',
    'if (!this.#database.lease.isGood)\n            throw',
    'if (false)\n            throw',
    'faults',
    'begins no payment on a server',
  ],
  [
    'a number that was given up is taken',
    'journal/postgres-journal',
    'await this.#insert(tombstone, () => true);',
    "throw new OrderExistsError('');",
    'contract',
    'also of a number that was never sold',
  ],
  [
    'after a lost connection it looks',
    'database/lease',
    'this.#client = client;\n        this.#onNotice();',
    'this.#client = client;',
    'faults',
    'though the call of it was missed',
    'may',
  ],
  [
    'a doubtful create is tried again',
    'journal/postgres-journal',
    '(error) => error.sent',
    '() => false',
    'faults',
    'written down once though its record loses its answer',
  ],
  [
    'it hands over when it is closed',
    'database/database',
    'await this.lease.resign();',
    '',
    'claims',
    'at once if it was closed',
    'may',
  ],
  [
    'a number that only the bill has stays in use',
    'merchants/restoration',
    '[names, out_trade_no])).length > 0',
    '[names, out_trade_no])).length < 0',
    'restore',
    'by API v2',
  ],
  [
    'a sale learns of the refunds that only the bill has',
    'merchants/restoration',
    'await this.#addRefunds();',
    '',
    'restore',
    'by API v2',
  ],
  [
    'nothing is given back before the days were reconciled',
    'http/refunds',
    'if (!isKnown)\n        await caller.ensureUnknown();',
    '',
    'restore',
    'by API v2',
  ],
];

let unnoticed = 0;
for (const [rule, file, from, to, test, name, may] of mutations) {
  const path = `${root}server/build/lib/${file}.js`;
  const original = readFileSync(path, 'utf8');
  if (original.split(from).length !== 2) throw new Error(`${file}: “${from}” is not there once`);
  writeFileSync(
    path,
    original.replace(from, () => to),
  );
  const mocha = [`${root}node_modules/mocha/bin/_mocha`, '--no-config', '--require', 'build/test/support/postgres.js'];
  const run = [...mocha, '--timeout', '20000', `build/test/${test}.test.js`, '--fgrep', name, '--exit'];
  const { status, stdout } = spawnSync(process.execPath, run, {
    cwd: `${root}server`,
    encoding: 'utf8',
    timeout: 120_000,
  });
  writeFileSync(path, original);
  if (/ 0 passing/.test(stdout) && !/failing/.test(stdout)) throw new Error(`no test of ${test} is named “${name}”`);
  const isNoticed = status !== 0;
  console.log(`${isNoticed ? 'noticed ' : may ? 'harmless' : 'MISSED  '}  ${rule}`);
  if (!isNoticed && !may) unnoticed += 1;
}
process.exit(unnoticed === 0 ? 0 : 1);
