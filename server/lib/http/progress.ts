import { setTimeout as sleep } from 'node:timers/promises';
import type { PaymentProgress } from 'wxpay-face';
import { type Caller, ownPayment } from './caller.js';

/** As a till is shown it: `remaining` milliseconds, since its clock isn't this server's. */
export type ShownProgress = Omit<PaymentProgress, 'until'> & { readonly remaining?: number };

/** What the journal tells of a payment that another server runs. */
const stepsOf: Readonly<Record<string, Pick<PaymentProgress, 'phase' | 'step'>>> = {
  submitting: { phase: 'submitting', step: 'sending' },
  polling: { phase: 'querying', step: 'unknown' },
  confirming: { phase: 'querying', step: 'confirming' },
  reversing: { phase: 'reversing', step: 'reversing' },
};
const finished = { phase: 'finished', step: 'finished' } as const;

/** Milliseconds between looks into the journal. */
const look = 500;

/** The steps of a payment until it has finished. @throws RefusedError for a number of another terminal. */
export async function* progressOf(
  caller: Caller,
  out_trade_no: string,
  signal: AbortSignal,
): AsyncIterable<ShownProgress> {
  const { progress: hub } = caller.merchant;
  const heard: PaymentProgress[] = [];
  let wake = () => {};
  const stop = hub.listen(out_trade_no, (progress) => {
    heard.push(progress);
    wake();
  });
  let told: string | undefined;
  try {
    while (!signal.aborted) {
      const record = await ownPayment(caller, out_trade_no);
      for (const progress of heard.splice(0)) {
        told = progress.phase;
        yield shown(progress);
      }
      if (told === 'finished') return;
      const step = record.finished ? finished : stepsOf[record.state];
      if ((record.finished || !hub.isRunning(out_trade_no)) && step !== undefined && step.phase !== told) {
        told = step.phase;
        yield { out_trade_no, ...step };
      }
      if (record.finished) return;
      const awake = new AbortController();
      wake = () => awake.abort();
      if (heard.length === 0)
        await sleep(look, undefined, { signal: AbortSignal.any([signal, awake.signal]) }).catch(() => undefined);
    }
  } finally {
    stop();
  }
}

function shown({ until, ...progress }: PaymentProgress): ShownProgress {
  return { ...progress, ...(until !== undefined && { remaining: Math.max(0, until - Date.now()) }) };
}
