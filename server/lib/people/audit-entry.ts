import { type AuditAction, type AuditEntry, auditedMerchant } from '../operation/audit.js';
import type { Intent } from './acts.js';

const actions = {
  'give-up': 'cancel',
  refund: 'refund',
  'send-again': 'refund',
  acknowledge: 'acknowledge',
  replay: 'replay',
  'look-up': 'look-up',
} as const satisfies Record<Intent['act'], AuditAction>;

/** The audit's line about what a person is about to do. */
export const personEntry = ({ act, person, of, number, out_trade_no, amount, revision }: Intent): AuditEntry => ({
  actor: { kind: 'person', id: person.id, name: person.name },
  action: actions[act],
  merchant: auditedMerchant(of.merchant),
  number,
  subject: out_trade_no,
  amount,
  revision,
});
