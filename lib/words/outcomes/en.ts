import { codes } from './en/codes.js';
import { errors } from './en/errors.js';
import { payment } from './en/payments.js';
import { refund } from './en/refunds.js';
import type { OutcomeWords } from './words.js';

export const en: OutcomeWords = {
  payment,
  refund,
  codes,
  errors,
  addition: {
    space: ' ',
    declined: 'Nothing was charged.',
    refused: 'Nothing was refunded.',
    order: (number) => `Order number: ${number}.`,
    refund: (number) => `Refund number: ${number}.`,
    refundAmount: (amount) => `Refund: ${amount}.`,
    trouble: {
      certificate: {
        text: "WeChat Pay doesn't accept the shop's certificate; it can end only with another one.",
        advice: 'Ask the person in charge to change the certificate.',
      },
      refused: {
        text: "WeChat Pay doesn't accept the shop's key or merchant number, so it can't end yet.",
        advice: 'Ask the person in charge to check the key and the merchant number.',
      },
      limit: { text: 'The shop asks too often, so it takes a little longer.', advice: 'The till goes on with it.' },
      silence: { text: 'WeChat Pay gives no answer.', advice: 'Check the network.' },
      journal: {
        text: "The till's records can't be written at the moment.",
        advice: "Ask the person in charge to check the till's disk.",
      },
    },
  },
  unknown: {
    title: 'Result not known yet',
    text: 'The till met something unexpected, and the result is not certain.',
    advice:
      "Ask the customer to wait, and look at the result of this order; until then, don't hand over the goods, and don't take or refund money again. If in doubt, ask the person in charge.",
  },
};
