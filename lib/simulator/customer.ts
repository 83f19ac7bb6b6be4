import type { CallLog } from './call-log.js';
import type { ScreenAction, SimulatedFaceService } from './face-service.js';
import type { Ledger } from './ledger.js';
import type { SimulatorSettings } from './scenario.js';

/**
 * What a customer can do: before the screen, on the phone if the gateway asks for the password, or nothing more at all
 * ('walk-away': no face, no password, no confirmation).
 */
export type CustomerAction = ScreenAction | 'enter-password' | 'walk-away';

export const customerActions: readonly CustomerAction[] = [
  'show-face',
  'cancel',
  'scan',
  'enter-password',
  'confirm',
  'walk-away',
];

interface CustomerContext {
  readonly service: SimulatedFaceService;
  readonly ledger: Ledger;
  readonly log: CallLog;
  readonly settings: () => SimulatorSettings;
}

/** What the customer can do now. */
export function offered({ service, ledger, settings }: CustomerContext): readonly CustomerAction[] {
  const asked = ledger.awaitingPassword(settings(), Date.now()) !== undefined;
  const present = asked || (service.screen !== 'idle' && !service.abandoned);
  return [
    ...service.offered,
    ...(asked ? ['enter-password' as const] : []),
    ...(present ? ['walk-away' as const] : []),
  ];
}

/** False if nothing asks for it. */
export function act(action: CustomerAction, context: CustomerContext): boolean {
  const { service, ledger, log, settings } = context;
  if (!offered(context).includes(action)) return false;
  if (action === 'enter-password') ledger.enterPassword(settings(), Date.now());
  else if (action === 'walk-away') {
    service.walkAway();
    ledger.abandonPassword(settings(), Date.now());
  } else return service.act(action);
  log.customer(action);
  return true;
}
