/** As the cashier's sentences write it: ¥1,234.50. */
export const yuan = (fen: number): string => `¥${(fen / 100).toFixed(2).replace(/\B(?=(?:\d{3})+\.)/g, ',')}`;

/** Whole fen of an amount in yuan as a person types it, or undefined. */
export function fenOf(text: string): number | undefined {
  const [, whole = '', part = ''] = /^(\d{1,8})(?:\.(\d{1,2}))?$/.exec(text.trim()) ?? [];
  return whole === '' ? undefined : Number(whole) * 100 + Number(part.padEnd(2, '0'));
}
