// A server that starts before a hundred thousand unfinished payments: what it needs, and what its tills notice of them.
import { setTimeout as sleep } from 'node:timers/promises';
import { arrivals, at, codeOf, tillsOf } from './tills.mjs';

/** A payment whose customer types the password, as the server has written it down. */
async function unfinished(till, read) {
  await till.pay('U0', codeOf('0'), { wait: 0 });
  for (;;) {
    const [row] = await read(`select from wxpay_face.record where id = 'U0' and state = 'polling'`);
    if (row !== undefined) return;
    await sleep(50);
  }
}

/**
 * @param perSecond New payments.
 * @returns Times in milliseconds, memory in bytes.
 */
export async function backlog({ server, tokens, postgres, database, gateway, count, perSecond, seconds }) {
  const read = (text, values) => postgres.query(database, text, values);
  const tills = tillsOf(tokens, [server]);
  // In order: what it hasn't finished is nobody's. After a kill the lease comes on top of it.
  const restarted = async () => {
    const at = Date.now();
    if (!(await server.start())) throw new Error(server.said);
    return at;
  };
  await server.end('SIGTERM');
  // As cold as the one below.
  await restarted();
  const alone = await arrivals(tills, perSecond, seconds);
  await unfinished(tills[0], read);
  await server.end('SIGTERM');
  await read(
    `insert into wxpay_face.record
     select (copy).* from wxpay_face.record as r cross join generate_series(1, $1::int - 1) as n
     cross join jsonb_populate_record(r, jsonb_build_object('id', 'U' || n, 'write_id', gen_random_uuid())) as copy
     where r.id = 'U0'`,
    [count],
  );
  const startedAt = await restarted();
  const meanwhile = await arrivals(tills, perSecond, seconds);
  const { most } = await server.memory();
  const [{ first, settled, left }] = await read(
    `select min(updated_at) filter (where finished) as "first", count(*) filter (where finished)::int as "settled",
            count(*) filter (where not finished)::int as "left"
     from wxpay_face.record where id like 'U%'`,
  );
  if (settled + left !== count) throw new Error(`${settled + left} of ${count} payments are left`);
  const { calls, reversals } = await gateway.books();
  const perSecondOf = new Map(calls.filter(([second]) => second * 1_000 > startedAt));
  const over = (length) =>
    Math.max(
      ...[...perSecondOf.keys()].map((first) =>
        Array.from({ length }, (_, index) => perSecondOf.get(first + index) ?? 0).reduce((sum, each) => sum + each),
      ),
    ) / length;
  return {
    first: first - startedAt,
    settled,
    reversals,
    most,
    calls: over(1),
    callsOfTen: over(10),
    alone: at(alone, 0.99),
    meanwhile: at(meanwhile, 0.99),
  };
}
