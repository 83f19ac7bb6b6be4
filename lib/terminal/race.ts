import type { CancelledBy } from '../payment/decision/outcomes.js';
import type { FaceCode, Recognised } from './camera.js';

/* Which code pays a sale: the face's or the scanner's, whichever comes first. Nothing is done or waited for here. */

interface Failed {
  readonly error: unknown;
}

/** How far each way has come, as long as there is no code. */
export interface Race {
  readonly face: 'looking' | 'wants-scan' | Failed;
  readonly scan: 'none' | 'waiting' | Failed;
}

export type RaceEvent =
  /** With a face_code. */
  | { readonly on: 'face'; readonly recognised: Recognised<FaceCode> }
  | { readonly on: 'scan'; readonly code: { readonly auth_code: string } }
  /** The customer left the camera (USER_CANCEL), or chose to scan (SCAN_PAYMENT). */
  | { readonly on: 'customer-left' }
  | { readonly on: 'wants-scan' }
  /** The camera can't be used now; the scanner failed. */
  | { readonly on: 'face-failed'; readonly error: unknown }
  | { readonly on: 'scan-failed'; readonly error: unknown }
  /** The sale can't go on, whichever way. */
  | { readonly on: 'broken'; readonly error: unknown }
  | { readonly on: 'given-up'; readonly by: CancelledBy };

export type RaceResult =
  | { readonly verdict: 'face'; readonly recognised: Recognised<FaceCode> }
  | { readonly verdict: 'scan'; readonly code: { readonly auth_code: string } }
  | { readonly verdict: 'cancelled'; readonly by: CancelledBy }
  | { readonly verdict: 'wants-scan' }
  | { readonly verdict: 'failed'; readonly error: unknown };

const failed = (error: unknown): RaceResult => ({ verdict: 'failed', error });

/** The first code decides; one way that fails leaves the sale to the other. */
export function decide({ face, scan }: Race, event: RaceEvent): Race | RaceResult {
  switch (event.on) {
    case 'face':
      return { verdict: 'face', recognised: event.recognised };
    case 'scan':
      return { verdict: 'scan', code: event.code };
    case 'customer-left':
      return { verdict: 'cancelled', by: 'customer' };
    case 'given-up':
      return { verdict: 'cancelled', by: event.by };
    case 'broken':
      return failed(event.error);
    case 'wants-scan':
      if (scan === 'waiting') return { face: 'wants-scan', scan };
      return scan === 'none' ? { verdict: 'wants-scan' } : failed(scan.error);
    case 'face-failed':
      return scan === 'waiting' ? { face: { error: event.error }, scan } : failed(event.error);
    case 'scan-failed':
      if (face === 'looking') return { face, scan: { error: event.error } };
      return failed(face === 'wants-scan' ? event.error : face.error);
  }
}
