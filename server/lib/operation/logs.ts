import { type DestinationStream, destination, pino } from 'pino';
import { events, onEvent, type ServerEvent } from './events.js';

/** Fields that nobody means to log: should one be told all the same, its value stays out. */
const secrets = [
  ...[
    'authorization',
    'token',
    'key',
    'apiV3Key',
    'passphrase',
    'cert',
    'pfx',
    'certificate',
    'password',
    'database',
    'secret',
  ],
  ...['auth_code', 'face_code', 'authinfo', 'rawdata', 'openid', 'sub_openid', 'cookie', 'sign', 'attach', 'detail'],
];

/** The beginning says where it listens: for whoever starts it by hand. */
const messageOf = ({ event, url, adminUrl }: ServerEvent): string =>
  event === 'started' ? `listening ${url} for terminals, admin ${adminUrl} for people` : events[event].message;

/**
 * Writes what happens as lines of JSON: time, level, event, server and the event's fields.
 * @param to Standard output, unless a test reads it.
 * @returns how to stop.
 */
export function logEvents(to: DestinationStream = destination({ dest: 1, sync: true })): () => void {
  const log = pino(
    {
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
      redact: { paths: secrets.flatMap((name) => [name, `*.${name}`]), remove: true },
    },
    to,
  );
  const write = (event: ServerEvent): void => log[events[event.event].level](event, messageOf(event));
  // Those of this package: what it wants an operator to know of the database, or of a folder.
  const warn = (warning: Error): void => {
    const { code } = Object(warning);
    if (String(code).startsWith('WXPAY_FACE'))
      write({ event: 'warning', code: String(code), warning: warning.message });
  };
  process.on('warning', warn);
  const stop = onEvent(write);
  return () => {
    stop();
    process.off('warning', warn);
  };
}
