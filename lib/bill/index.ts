export type { Difference, DifferenceKind } from './difference.js';
export { type ReconcileOptions, reconcile } from './reconcile.js';
