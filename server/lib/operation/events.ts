import { channel } from 'node:diagnostics_channel';

/*
 * What whoever runs a server should hear of it: told on the diagnostics channel `wxpay-face-server.event`, and written as a line of JSON
 * by the command line. A field is a count, a name or a number of ours: never a secret, never a person's.
 */

type Level = 'info' | 'warn' | 'error';

/** What each is for, as the line says it; the fields are beside it. */
export const events = {
  started: { level: 'info', message: 'listening' },
  stopping: { level: 'info', message: 'takes nothing new, answers who waits, and hands over' },
  stopped: { level: 'info', message: 'stopped' },
  warning: { level: 'warn', message: 'used all the same' },
  'database-away': { level: 'error', message: 'the database does not answer: no new payment is taken' },
  'database-back': { level: 'info', message: 'the database answers again' },
  'database-newer': { level: 'error', message: 'the tables are newer than this server can read: install a newer one' },
  'lease-lost': { level: 'error', message: 'the lease is over: another server may take the payments over' },
  'lease-renewed': { level: 'info', message: 'the lease is good again' },
  'taken-over': { level: 'warn', message: 'took over what another server left' },
  attention: { level: 'error', message: 'a person must look at this number' },
  certificate: { level: 'error', message: 'the gateway refuses the certificate' },
  'limited-by-gateway': { level: 'warn', message: 'the gateway asks for fewer calls' },
  'tokens-refused': { level: 'warn', message: 'requests came without a token that is known' },
  'merchants-reloaded': { level: 'info', message: 'the merchants were read again' },
  'merchants-not-reloaded': { level: 'error', message: 'the configuration is wrong: the former merchants go on' },
  'jobs-waiting': { level: 'error', message: 'webhooks and nightly bills wait for the database' },
  'webhook-dead': { level: 'error', message: 'webhooks were not taken for three days: replay them' },
  'bill-open': { level: 'warn', message: 'a day could not be reconciled yet; its bill is asked for again' },
  'bill-differs': { level: 'error', message: 'bill and journal of a day differ: a person must look' },
  'bill-agrees': { level: 'info', message: 'bill and journal of a day agree' },
  'audit-unprotected': { level: 'warn', message: 'the audit is protected from mistakes only' },
} as const satisfies Readonly<Record<string, { level: Level; message: string }>>;

export type EventName = keyof typeof events;

export interface ServerEvent {
  readonly event: EventName;
  /** The id of the server's start; a warning may come before it. */
  readonly server?: string;
  readonly [field: string]: string | number | boolean | undefined;
}

const told = channel('wxpay-face-server.event');

export function tell(event: ServerEvent): void {
  told.publish(event);
}

/** Returns how to stop. */
export function onEvent(listener: (event: ServerEvent) => void): () => void {
  const hear = (message: unknown): void => {
    if (isEvent(message)) listener(message);
  };
  told.subscribe(hear);
  return () => void told.unsubscribe(hear);
}

const isEvent = (message: unknown): message is ServerEvent => {
  const { event } = Object(message);
  return typeof event === 'string' && Object.hasOwn(events, event);
};
