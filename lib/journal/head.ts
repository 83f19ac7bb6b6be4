import { endOfLine, type Line, maximumPayload, readLine } from './line.js';

/*
 * The head: the last two lines of the log once more, in turn in two places. A line is written to both files at once and
 * counts when both are on the disk: so the head is never more than one line ahead, nor behind, and what one of them lost
 * of the last line the other has. Both places are never written in one go.
 */

const place = 2 ** 20;

/** Head, digits and all of the longest line are shorter. */
if (maximumPayload + 100 > place) throw new RangeError('A line must fit into its place');

export const headLength = 2 * place;

export const placeOf = (sequence: number): number => (sequence % 2) * place;

/** What stands in a place that says nothing. */
export const nothing = Buffer.from('\n');

/** The lines that the head holds, the newest first. */
export function linesOfHead(head: Buffer): Line[] {
  const lines = [0, place].flatMap((at) => {
    const part = head.subarray(at, at + place);
    const line = readLine(part.subarray(0, endOfLine(part, 0) ?? 0));
    return line !== undefined && line.sequence > 0 ? line : [];
  });
  return lines.sort((one, other) => other.sequence - one.sequence);
}
