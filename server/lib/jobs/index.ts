export { type DeadLetter, listDeadLetters, replay } from './dead-letters.js';
export { listDifferences, type ReconciledDay, reconciledDays, type StoredDifference } from './reconciled-days.js';
