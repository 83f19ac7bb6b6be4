/**
 * Whether these bytes are one HTTP response and nothing else. What lies behind it would be taken for the answer to the next
 * request; if that can't be told, it's no either.
 */
export function isOneResponse(raw: Buffer): boolean {
  const headEnd = raw.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  const head = raw.toString('latin1', 0, headEnd);
  const bodyLength = raw.length - headEnd - 4;
  const [, length] = /\r\ncontent-length:[ \t]*(\d+)[ \t]*(?:\r\n|$)/i.exec(head) ?? [];
  if (length !== undefined) return bodyLength === Number(length);
  return /\r\ntransfer-encoding:/i.test(head) && raw.toString('latin1', raw.length - 5) === '0\r\n\r\n';
}
