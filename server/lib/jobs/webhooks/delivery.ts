import type { Connections } from '../../database/connections.js';
import { tell } from '../../operation/events.js';
import { claimEvents, type DeliveryResult, type DueEvent, settleEvents } from './events.js';
import type { Webhook } from './webhook.js';

/* What is told to a merchant's receiver. */

/** Milliseconds in which a receiver has to answer. */
const patience = 15_000;
/** How many are told at once, and how many are in hand. */
const [atOnce, batch] = [8, 32];
/** Milliseconds after which a delivery makes room for others: the next one goes on. */
const longest = 30_000;

/** Told once. Only the status of the answer counts; it's neither followed nor read. */
async function post(
  { url, signers }: Webhook,
  { position, id, body }: DueEvent,
  signal: AbortSignal,
): Promise<DeliveryResult> {
  const now = new Date();
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'wxpay-face-server',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
        'webhook-signature': signers.map((signer) => signer.sign(id, now, body)).join(' '),
      },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
    });
    // A receiver that never ends its answer has taken it all the same.
    void response.body?.cancel().catch(() => undefined);
    return response.ok ? { position, isTaken: true } : { position, isTaken: false, answer: `HTTP ${response.status}` };
  } catch (error) {
    const { name, cause } = Object(error);
    return { position, isTaken: false, answer: String(Object(cause).code ?? name) };
  }
}

/** As many at once as may be. */
async function postAll(webhook: Webhook, events: readonly DueEvent[], signal: AbortSignal): Promise<DeliveryResult[]> {
  const left = [...events];
  const answers: DeliveryResult[] = [];
  const work = async () => {
    for (let event = left.shift(); event !== undefined && !signal.aborted; event = left.shift())
      answers.push(await post(webhook, event, signal));
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return answers;
}

/** Tells a merchant what is due, in each lane one after the other, until nothing is, or nothing is taken. */
export async function deliver(
  { connections, server }: { connections: Connections; server: string },
  merchant: string,
  webhook: Webhook,
  signal: AbortSignal,
): Promise<void> {
  const end = performance.now() + longest;
  for (let isTaking = true; isTaking && !signal.aborted && performance.now() < end; ) {
    const events = await claimEvents(connections, server, merchant, batch);
    const answers = await postAll(webhook, events, signal);
    // What was broken off here comes due again by itself.
    const dead = await settleEvents(connections, signal.aborted ? answers.filter(({ isTaken }) => isTaken) : answers);
    if (dead > 0) tell({ event: 'webhook-dead', server, merchant, count: dead });
    isTaking = answers.some(({ isTaken }) => isTaken);
  }
}
