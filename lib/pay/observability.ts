import { channel } from 'node:diagnostics_channel';
import { performance } from 'node:perf_hooks';
import { WxpayFaceError } from '../errors.js';
import { PayTransportError, type TransportFailure } from './errors.js';

/**
 * What the diagnostics channel `wxpay-face.pay.call` gets when a call of a PayClient has ended. No secret is in it, and no
 * personal data.
 *
 * @example <caption>A span for OpenTelemetry</caption>
 * import { subscribe } from 'node:diagnostics_channel';
 * subscribe('wxpay-face.pay.call', ({ name, startTime, duration, outcome, ...attributes }) => {
 *   const span = tracer.startSpan(`wxpay ${name}`, { startTime, kind: SpanKind.CLIENT, attributes: { outcome, ...attributes } });
 *   if (outcome.startsWith('ERR_')) span.setStatus({ code: SpanStatusCode.ERROR, message: outcome });
 *   span.end(startTime + duration);
 * });
 */
export interface PayCall {
  /** The method, e.g. 'micropay'; for `post` the path; 'getsignkey' if the sandbox's key is fetched. */
  name: string;
  out_trade_no?: string;
  transaction_id?: string;
  /** Milliseconds since the epoch. */
  startTime: number;
  /** Milliseconds; of a bill, until its header had come. */
  duration: number;
  /** Of these, milliseconds in the queue of the limits on calls. */
  waited: number;
  /** The result_code, SUCCESS or FAIL, else the `code` of the error that was thrown. */
  outcome: string;
  /** If the outcome is FAIL. */
  err_code?: string;
  /** Of a query: where the payment stands. */
  trade_state?: string;
  /** Of a PayTransportError. */
  sent?: boolean;
  /** Of a PayTransportError. */
  why?: TransportFailure;
}

const payCalls = channel('wxpay-face.pay.call');

/** What an answer says of itself. */
export function noteAnswer(
  event: PayCall,
  { result_code, err_code, trade_state }: Readonly<Record<string, string>>,
): void {
  event.outcome = result_code ?? 'SUCCESS';
  if (err_code) event.err_code = err_code;
  if (trade_state) event.trade_state = trade_state;
}

/** The call waits for its limits: also in vain. */
export async function noteWait(event: PayCall, wait: Promise<void>): Promise<void> {
  const started = performance.now();
  try {
    await wait;
  } finally {
    event.waited += performance.now() - started;
  }
}

/** One call, told to the observers when it has ended. */
export async function observed<Result>(name: string, work: (event: PayCall) => Promise<Result>): Promise<Result> {
  const event: PayCall = { name, startTime: Date.now(), duration: 0, waited: 0, outcome: 'SUCCESS' };
  const started = performance.now();
  try {
    return await work(event);
  } catch (error) {
    event.outcome = error instanceof WxpayFaceError ? error.code : 'ERR_UNEXPECTED';
    if (error instanceof PayTransportError) {
      event.sent = error.sent;
      if (error.why !== undefined) event.why = error.why;
    }
    throw error;
  } finally {
    event.duration = performance.now() - started;
    payCalls.publish(event);
  }
}
