import { doctor } from './en/doctor.js';
import { errors } from './en/errors.js';
import { help } from './en/help.js';
import { journal } from './en/journal.js';
import { payments } from './en/payments.js';
import { play } from './en/play.js';
import { reconcile } from './en/reconcile.js';
import { usage } from './en/usage.js';

export const english = { doctor, errors, help, journal, payments, play, reconcile, usage };
