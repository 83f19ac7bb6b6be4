// Tills before the servers: one sale after the other at each, or sales that come whether or not the ones before have ended.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../../server/build/test/support/client.js';

const sorted = (numbers) => [...numbers].sort((one, other) => one - other);
export const at = (numbers, share) => sorted(numbers)[Math.max(0, Math.ceil(numbers.length * share) - 1)];
export const median = (numbers) => at(numbers, 0.5);

let serial = 0;
/** A number that no sale has had. */
export const next = () => {
  serial += 1;
  return String(serial);
};
export const codeOf = (number) => `13${number.padStart(16, '0')}`;

/** Tills that take turns between the servers. */
export const tillsOf = (tokens, servers) =>
  tokens.map((token, index) => new Client(servers[index % servers.length].url, token));

/** Milliseconds before a till that has asked for too much at once asks again. */
const again = 50;

async function pay(till) {
  const number = next();
  const attempt = () => till.pay(`B${number}`, codeOf(number), { key: number });
  let answer = await attempt();
  for (; answer.status === 429; answer = await attempt()) await sleep(again);
  const { status, body } = answer;
  if (status !== 200 || body.status !== 'paid') throw new Error(`${status} ${JSON.stringify(body)}`);
  return body;
}

/** One sale after the other at each till, without a pause. */
export async function sell(tills, count) {
  const outcomes = [];
  const began = performance.now();
  await Promise.all(
    tills.map(async (till) => {
      for (let index = 0; index < count / tills.length; index += 1) outcomes.push({ till, outcome: await pay(till) });
    }),
  );
  return { outcomes, perSecond: outcomes.length / ((performance.now() - began) / 1_000) };
}

/** The tills have acted on their sales. */
export async function acknowledge(sales) {
  await Promise.all(
    sales.map(async ({ till, outcome: { out_trade_no, revision } }) => {
      const { status } = await till.ask('POST', `/v1/payments/${out_trade_no}/acknowledge`, { revision });
      if (status !== 204) throw new Error(`${status} for an acknowledgement`);
    }),
  );
}

/** @returns Milliseconds of each sale, from the moment in which it was due, so that none is shorter for having waited for another. */
export async function arrivals(tills, perSecond, seconds) {
  const times = [];
  const under = [];
  const began = performance.now();
  for (let index = 0; index < perSecond * seconds; index += 1) {
    const due = began + (index * 1_000) / perSecond;
    const wait = due - performance.now();
    if (wait > 1) await sleep(wait);
    const paid = pay(tills[index % tills.length]).then(() => times.push(performance.now() - due));
    // It is heard below.
    paid.catch(() => undefined);
    under.push(paid);
  }
  await Promise.all(under);
  return times;
}
