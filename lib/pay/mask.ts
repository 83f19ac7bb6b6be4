/** The text without the secrets, for a message. */
export function mask(text: string, secrets: readonly string[]): string {
  let masked = text;
  for (const secret of secrets) if (secret !== '') masked = masked.replaceAll(secret, '***');
  return masked;
}

/** How a body begins that isn't what it should be, for a message. Whatever may be a credential is left out. */
export function preview(body: Buffer, secrets: readonly string[]): string {
  if (body.length === 0) return 'no body';
  const text = body.subarray(0, 400).toString();
  const masked = mask(text, secrets)
    // What a response brings, which nobody has seen before.
    .replace(/(authinfo|openid|sandbox_signkey)[\s\S]*/, '$1 ***')
    // Keys, codes and signatures of another request, e.g. in an error page.
    .replace(/[\w+/=-]{16,}/g, '***')
    .replace(/[\p{C}\s]+/gu, ' ')
    .slice(0, 160);
  return `"${masked}${text.length > 160 ? '…' : ''}"`;
}
