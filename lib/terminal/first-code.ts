import { onAbort } from '../abort.js';
import { ClosedError, InvalidParameterError, WxpayFaceError } from '../errors.js';
import type { Clock } from '../payment/clock.js';
import { cancelledBy } from '../payment/decision/outcomes.js';
import type { decide as decideFirst, Race, RaceEvent, RaceResult } from './race.js';
import type { Recognition } from './recognition.js';
import { readScan } from './scanned-code.js';
import type { TillPayOptions } from './till.js';

type Scan = NonNullable<TillPayOptions['scan']>;

/** Milliseconds before the scanner is asked again: one that gives nonsense at once must not hold up the program. */
const pause = 100;

interface Ways {
  readonly recognition: Recognition;
  readonly scan: Scan | undefined;
  /** Aborts if the sale is given up. */
  readonly givenUp: AbortSignal;
  /** The customer is to scan now. @param why The vendor's word, or the error's code. */
  readonly onScanning: (why: string) => void;
}

/** Waits for the first code, or for what ends the sale without one. The scanner is no longer asked then. */
export async function firstCode(ways: Ways, clock: Clock, decide: typeof decideFirst): Promise<RaceResult> {
  const { recognition, scan, givenUp, onScanning } = ways;
  const scanning = new AbortController();
  let ignore = () => {};
  try {
    return await new Promise<RaceResult>((resolve) => {
      let race: Race | undefined = { face: 'looking', scan: scan === undefined ? 'none' : 'waiting' };
      const hear = (event: RaceEvent): void => {
        if (race === undefined) return;
        const next = decide(race, event);
        if ('verdict' in next) {
          race = undefined;
          resolve(next);
          return;
        }
        if (next.face !== race.face) onScanning(wordOf(event));
        if (next.scan !== race.scan && 'error' in event) warn(event.error);
        race = next;
      };
      ignore = onAbort(givenUp, () => hear({ on: 'given-up', by: cancelledBy(givenUp.reason) }));
      void recognition.ended.then((end) => hear(eventOf(end)));
      if (scan !== undefined)
        void scanned(scan, scanning.signal, clock).then(
          (code) => hear({ on: 'scan', code }),
          (error: unknown) => hear({ on: 'scan-failed', error }),
        );
    });
  } finally {
    ignore();
    scanning.abort();
  }
}

function eventOf(end: Awaited<Recognition['ended']>): RaceEvent {
  if ('recognised' in end) {
    const { face, authinfo } = end.recognised;
    if (face.return_code === 'SUCCESS') return { on: 'face', recognised: { face, authinfo } };
    return { on: face.return_code === 'USER_CANCEL' ? 'customer-left' : 'wants-scan' };
  }
  const { error } = end;
  const isBroken = error instanceof ClosedError || error instanceof InvalidParameterError;
  return { on: isBroken ? 'broken' : 'face-failed', error };
}

function wordOf(event: RaceEvent): string {
  if (!('error' in event)) return 'SCAN_PAYMENT';
  return event.error instanceof WxpayFaceError ? event.error.code : 'unknown';
}

/** Asks for the customer's code until one can pay. */
async function scanned(scan: Scan, signal: AbortSignal, clock: Clock): Promise<{ auth_code: string }> {
  let text: unknown = await scan(signal);
  for (;;) {
    const reading = readScan(text);
    if ('auth_code' in reading) return reading;
    await clock.sleep(pause, signal);
    text = await scan(signal, reading.wrong);
  }
}

/** Its error is told even if a face pays after all. A long number in it might be a customer's code. */
function warn(error: unknown): void {
  const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  process.emitWarning(
    `scan() failed, so only the camera is left for this sale: ${words.replace(/\d(?:[\s-]?\d){9,}/g, '…')}`,
    {
      type: 'WxpayFaceWarning',
      code: 'WXPAY_FACE_SCAN',
    },
  );
}
