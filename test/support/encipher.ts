import { createCipheriv, createHash } from 'node:crypto';

/** As the vendor enciphers a notice: base64 of AES-256-ECB (PKCS#7) under the MD5 of the key, in lower-case hex. */
export function encipher(text: string | Buffer, key: string, padding = true): string {
  const cipher = createCipheriv('aes-256-ecb', createHash('md5').update(key).digest('hex'), null);
  cipher.setAutoPadding(padding);
  return Buffer.concat([cipher.update(text), cipher.final()]).toString('base64');
}
