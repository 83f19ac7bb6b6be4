import type { Words } from './words.js';
import { doctor } from './zh/doctor.js';
import { errors } from './zh/errors.js';
import { help } from './zh/help.js';
import { journal } from './zh/journal.js';
import { payments } from './zh/payments.js';
import { play } from './zh/play.js';
import { reconcile } from './zh/reconcile.js';
import { usage } from './zh/usage.js';

export const chinese: Words = { doctor, errors, help, journal, payments, play, reconcile, usage };
