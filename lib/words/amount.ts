/** @param fen Whole; as large as a number gets. @returns Such as `¥1,234.50`. */
export function yuan(fen: number): string {
  const digits = String(BigInt(fen)).padStart(3, '0');
  const whole = digits.slice(0, -2).replace(/\B(?=(?:\d{3})+$)/g, ',');
  return `¥${whole}.${digits.slice(-2)}`;
}
