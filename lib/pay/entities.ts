const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** What a predefined or a numeric entity stands for; NUL, which no XML has, beyond Unicode. */
export function entityCharacter(name?: string, decimal?: string, hex = ''): string {
  if (name !== undefined) return named[name] ?? '';
  const point = decimal !== undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return point <= 0x10ffff ? String.fromCodePoint(point) : '\0';
}
