export { type DeadLetter, listDeadLetters, replay } from './dead-letters.js';
export {
  type DayFilter,
  listDifferences,
  type ReconciledDay,
  reconciledDays,
  type StoredDifference,
} from './reconciled-days.js';
