import type { FastifyPluginCallback } from 'fastify';
import { PayMismatchError, PayResponseError, type RefundNotice } from 'wxpay-face';
import { PostgresJournal } from '../journal/postgres-journal.js';
import type { Merchant, Merchants } from '../merchants/merchants.js';
import { Rate } from './limits.js';
import { invalid, unknownMerchant } from './refusals.js';
import * as schemas from './schemas.js';

/*
 * The gateway's notifications of refunds. Anybody can post here, and nothing of it is believed: what the merchant's key deciphers names a
 * refund, and that refund is asked for.
 */

/** Bytes. */
const largest = 16 * 1_024;

/** What the gateway wants to hear, else it sends the notification again. */
const thanks = '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>';

/** A provider's notification is about one of its sub-merchants, which it names. */
function readNotice(merchants: readonly Merchant[], body: Uint8Array): { merchant: Merchant; notice: RefundNotice } {
  for (const merchant of merchants)
    try {
      return { merchant, notice: merchant.client.readRefundNotice(body) };
    } catch (error) {
      if (!(error instanceof PayResponseError || error instanceof PayMismatchError)) throw error;
    }
  throw invalid('This is no notification of a refund of this merchant');
}

async function hear({ notices, journal }: Merchant, { out_refund_no }: RefundNotice): Promise<void> {
  await notices.hear(out_refund_no);
  if (journal instanceof PostgresJournal) await journal.callOwner(out_refund_no);
}

export const noticesOf =
  (merchants: Merchants): FastifyPluginCallback =>
  (notices, _options, done) => {
    const byAddress = new Rate(20, 200);
    notices.addHook('onRequest', async (request) => byAddress.spend(request.ip));
    // Whatever it says that it is: XML has many names.
    notices.removeAllContentTypeParsers();
    notices.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: largest }, (_request, body, parsed) =>
      parsed(null, body),
    );
    notices.post<{ Params: { merchant: string } }>('/:merchant', { schema: schemas.notice }, async (request, reply) => {
      const known = merchants.of(request.params.merchant);
      if (known.length === 0) throw unknownMerchant();
      if (!(request.body instanceof Uint8Array)) throw invalid('A notification has a body');
      const { merchant, notice } = readNotice(known, request.body);
      await hear(merchant, notice);
      return reply.type('text/xml; charset=utf-8').send(thanks);
    });
    done();
  };
