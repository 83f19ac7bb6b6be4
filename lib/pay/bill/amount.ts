/** How many of the units that amounts are added up in are in a fen: a fee has five places after the point, others two. */
export const unitsOfFen = 1000;

/**
 * Hundred-thousandths of a yuan, a whole number; NaN for what is not an amount: an empty text, more than five places,
 * more than ten digits before the point.
 */
export function readAmount(text: string): number {
  const isNegative = text.charCodeAt(0) === 0x2d;
  let value = 0;
  let digits = 0;
  let places = -1;
  for (let index = isNegative ? 1 : 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digits += 1;
      if (places >= 0) places += 1;
    } else if (digit === -2 && places < 0 && digits > 0) places = 0;
    else return Number.NaN;
  }
  if (digits === 0 || places === 0 || places > 5 || digits - Math.max(places, 0) > 10) return Number.NaN;
  const units = value * 10 ** (5 - Math.max(places, 0));
  return isNegative ? -units : units;
}
