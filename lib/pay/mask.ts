import { entityCharacter } from './entities.js';

function hide(text: string, secrets: readonly string[]): string {
  let hidden = text;
  for (const secret of secrets) if (secret !== '') hidden = hidden.replaceAll(secret, '***');
  return hidden;
}

/** Undoes what HTML, XML and URLs do to a text. */
function unescaped(text: string): string {
  return text
    .replace(/&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([\da-f]{1,6}));/gi, (_all, name, decimal, hex) =>
      entityCharacter(name, decimal, hex),
    )
    .replace(/(?:%[\da-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll('%', ''), 'hex').toString());
}

/** The text without the secrets, for a message; without its escapes, if a secret was among them. */
export function mask(text: string, secrets: readonly string[]): string {
  const masked = hide(text, secrets);
  const plain = unescaped(masked);
  const hidden = hide(plain, secrets);
  return hidden === plain ? masked : hidden;
}

/** How a body begins that isn't what it should be, for a message. Whatever may be a credential is left out. */
export function preview(body: Buffer, secrets: readonly string[]): string {
  if (body.length === 0) return 'no body';
  // Cut last: the beginning of a secret would not be known for one.
  const masked = mask(body.toString(), secrets)
    // What a response brings, which nobody has seen before.
    .replace(/(authinfo|openid|sandbox_signkey)[\s\S]*/, '$1 ***')
    // Keys, codes and signatures of another request, e.g. in an error page.
    .replace(/[\w+/=-]{16,}/g, '***')
    .replace(/[\p{C}\s]+/gu, ' ');
  return `"${masked.slice(0, 160)}${masked.length > 160 ? '…' : ''}"`;
}
