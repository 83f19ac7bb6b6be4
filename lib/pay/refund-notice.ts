import { createDecipheriv, createHash } from 'node:crypto';
import { PayMismatchError, PayResponseError } from './errors.js';
import type { MerchantIdentity } from './options.js';
import { type Fields, needed, neededAmount } from './results.js';
import { parseXml } from './xml.js';

/** A refund notification, deciphered. Nobody has signed it: a hint to ask `refundquery`, never a proof. */
export interface RefundNotice {
  out_trade_no: string;
  out_refund_no: string;
  /** The vendor's number of the refund. */
  refund_id: string;
  /** The order's, in fen. */
  total_fee: number;
  /** Fen. */
  refund_fee: number;
  /** SUCCESS, CHANGE or REFUNDCLOSE. */
  refund_status: string;
  /** `yyyy-MM-dd HH:mm:ss`, Beijing time. */
  success_time?: string;
}

/** A notice has half a kilobyte. */
const maxBytes = 16 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @throws what node:crypto says, also of a padding that is wrong. */
function decipher(data: Buffer, key: string): Buffer {
  // The hexadecimal digits themselves are the 32 bytes of the cipher's key (docs/facts.md#refunds).
  const digits = createHash('md5').update(key).digest('hex');
  const cipher = createDecipheriv('aes-256-ecb', digits, null);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

/** What is enciphered is a message like any other, but its root is another. Undefined if the key is wrong. */
function readWith(key: string, data: Buffer): Fields | undefined {
  try {
    return parseXml(utf8.decode(decipher(data, key)).replace(/^\s*<root>([\s\S]*)<\/root>\s*$/, '<xml>$1</xml>'));
  } catch {
    // Which of both steps failed is nobody's business: it would help whoever tries out keys.
    return undefined;
  }
}

/** The fields around the cipher, which say whose it is. */
function readEnvelope(xml: string | Uint8Array, identity: MerchantIdentity): Fields {
  if (typeof xml !== 'string' && !(xml instanceof Uint8Array))
    throw new PayResponseError('The refund notice is neither text nor bytes');
  if (xml.length > maxBytes) throw new PayResponseError(`The refund notice has more than ${maxBytes} bytes`);
  const envelope = parseXml(Buffer.from(xml));
  if (envelope.return_code !== 'SUCCESS') throw new PayResponseError('The refund notice has no return_code SUCCESS');
  for (const name of ['appid', 'mch_id', 'sub_mch_id'] as const)
    if ((envelope[name] || undefined) !== identity[name])
      throw new PayMismatchError(name, `The refund notice is about another ${name}, or lacks it`);
  return envelope;
}

/**
 * The vendor's notification of a refund (docs/facts.md#refunds).
 * @param keys The merchant's; in the sandbox also the sandbox's own.
 * @throws PayResponseError, PayMismatchError; neither quotes anything of it.
 */
export function readRefundNotice(
  xml: string | Uint8Array,
  identity: MerchantIdentity,
  keys: readonly string[],
): RefundNotice {
  const data = Buffer.from(needed(readEnvelope(xml, identity), 'req_info'), 'base64');
  for (const key of keys) {
    const fields = readWith(key, data);
    if (fields === undefined) continue;
    return {
      out_trade_no: needed(fields, 'out_trade_no'),
      out_refund_no: needed(fields, 'out_refund_no'),
      refund_id: needed(fields, 'refund_id'),
      total_fee: neededAmount(fields, 'total_fee'),
      refund_fee: neededAmount(fields, 'refund_fee'),
      refund_status: needed(fields, 'refund_status'),
      ...(fields.success_time && { success_time: fields.success_time }),
    };
  }
  throw new PayResponseError("The refund notice's req_info can't be deciphered with this merchant's key");
}
