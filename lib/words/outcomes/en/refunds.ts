import type { RefundWords } from '../words.js';

const again = 'Make the refund again a little later; if it happens again, ask the person in charge.';
const keep =
  "Ask the customer to wait, and give the order number to the person in charge. Don't refund again, and don't pay out cash.";

export const refund: RefundWords = {
  refunded: {
    title: 'Refunded',
    text: 'The money was given back to the customer.',
    advice: 'Tell the customer: "The money has gone back the way it came."',
  },
  accepted: {
    title: 'Refund in progress',
    text: 'WeChat Pay has taken this refund.',
    advice:
      'Tell the customer: "It takes about twenty minutes to your balance, about three working days to a bank card." Don\'t pay out cash as well.',
  },
  sending: {
    title: 'Refund being sent',
    text: "This refund is being sent; WeChat Pay hasn't answered yet.",
    advice: "The till goes on with it; don't refund again, and don't pay out cash.",
  },
  refused: {
    SYSTEMERROR: { title: 'Refund took too long', text: 'WeChat Pay took too long.', advice: again },
    BIZERR_NEED_RETRY: {
      title: 'Refund to be repeated',
      text: 'WeChat Pay wants this refund to be sent again.',
      advice: 'Make this refund again, with the same amount.',
    },
    FREQUENCY_LIMITED: {
      title: 'Too many refunds',
      text: 'The shop asks for refunds too often, and this one was not taken.',
      advice: 'Make the refund a minute later.',
    },
    INVALID_REQ_TOO_MUCH: {
      title: 'Too many faulty refunds',
      text: "Too many of the shop's refunds were faulty, and this one was not taken.",
      advice: 'Make the refund a few minutes later; if it happens again, ask the person in charge.',
    },
    TRADE_OVERDUE: {
      title: 'Too late for a refund',
      text: 'The order is too old for a refund.',
      advice: 'Ask the person in charge to agree with the customer on another way to give the money back.',
    },
    NOTENOUGH: {
      title: "Shop's balance is too small",
      text: "The shop's account doesn't have enough money for this refund.",
      advice:
        'Ask the person in charge to top up the account, then make the refund again; tell the customer: "The refund comes later."',
    },
    USER_ACCOUNT_ABNORMAL: {
      title: "Customer's account has trouble",
      text: "Something is wrong with the customer's account, or it was closed: the money can't go back.",
      advice: 'Ask the person in charge to agree with the customer on another way to give the money back.',
    },
    INVALID_TRANSACTIONID: {
      title: 'Wrong WeChat order number',
      text: "The till sent a wrong order number of WeChat Pay's.",
      advice: 'Check the order to be refunded, then make the refund again.',
    },
    PARAM_ERROR: {
      title: 'Something in it is wrong',
      text: "What the till sent of the refund was wrong. WeChat Pay didn't take it.",
      advice: 'Check order number and amount, then make the refund again.',
    },
    APPID_NOT_EXIST: {
      title: 'Official account not found',
      text: "WeChat Pay doesn't find the shop's official account.",
      advice: 'Ask the person in charge to check the official account, then make the refund again.',
    },
    MCHID_NOT_EXIST: {
      title: 'Merchant number not found',
      text: "WeChat Pay doesn't find the shop's merchant number.",
      advice: 'Ask the person in charge to check the merchant number, then make the refund again.',
    },
    ORDERNOTEXIST: {
      title: 'Order not found',
      text: "WeChat Pay doesn't find the order to be refunded.",
      advice: 'Check the order number, then make the refund again.',
    },
    REQUIRE_POST_METHOD: {
      title: 'Sent in a wrong way',
      text: "The till sent the refund in a wrong way. WeChat Pay didn't take it.",
      advice: 'Ask the person in charge to check the payment program.',
    },
    SIGNERROR: {
      title: 'Key does not match',
      text: "The shop's key isn't the one that WeChat Pay has.",
      advice: 'Ask the person in charge to check the key, then make the refund again.',
    },
    XML_FORMAT_ERROR: {
      title: 'Sent in a wrong form',
      text: "The till sent the refund in a wrong form. WeChat Pay didn't take it.",
      advice: 'Ask the person in charge to check the payment program.',
    },
    ERROR: {
      title: 'Refund not made',
      text: "WeChat Pay didn't make this refund; the person in charge must look up why.",
      advice: 'Ask the person in charge, and tell the customer: "The refund comes later."',
    },
    REFUNDCLOSE: {
      title: 'Refund closed',
      text: 'WeChat Pay closed this refund.',
      advice: 'Make the refund again; if it is closed again, ask the person in charge.',
    },
    REFUNDNOTEXIST: {
      title: 'Refund not found',
      text: "WeChat Pay doesn't find this refund.",
      advice: 'Check the refund number; if the customer still wants the money back, make the refund again.',
    },
    REFUND_FEE_MISMATCH: {
      title: 'Amounts differ',
      text: "The order's amount or the refund's isn't the one that was sent before.",
      advice: 'Check the amount, then make the refund again.',
    },
    TRADE_STATE_ERROR: {
      title: 'Not refundable as it stands',
      text: "As the order stands now, it can't be refunded.",
      advice: 'First look at the result of this order, then decide whether to refund it.',
    },
    INVALID_REQUEST: {
      title: 'Refund not valid',
      text: 'This refund is against a rule of WeChat Pay, and was not taken.',
      advice: 'Check order and amount; if it happens again, ask the person in charge.',
    },
    unlisted: {
      title: 'Refund not made',
      text: "WeChat Pay didn't agree to this refund.",
      advice: 'Ask the person in charge, and tell the customer: "The refund is not made yet."',
    },
  },
  failed: {
    dns: {
      title: 'WeChat Pay not found',
      text: 'The till has no network. The refund was not sent, and nothing was given back.',
      advice: 'Check the network, then make the refund again.',
    },
    unreachable: {
      title: 'WeChat Pay out of reach',
      text: "WeChat Pay can't be reached at the moment. The refund was not sent, and nothing was given back.",
      advice: 'Make the refund again a little later; if it stays like this, check the network.',
    },
    'connect-timeout': {
      title: 'Connecting took too long',
      text: "The network is too slow: WeChat Pay wasn't reached in time, and nothing was given back.",
      advice: 'Make the refund again; if it takes too long again, check the network.',
    },
    tls: {
      title: 'No secure connection',
      text: "A secure connection to WeChat Pay couldn't be made. Nothing was given back.",
      advice: "Check the till's date and time, then make the refund again.",
    },
    proxy: {
      title: "Shop's network is down",
      text: "The shop's way to the internet doesn't work. The refund was not sent, and nothing was given back.",
      advice: 'Ask the person in charge to check the internet settings, then make the refund again.',
    },
    certificate: {
      title: "Shop's certificate is unusable",
      text: "A refund needs the shop's certificate, which is missing or can't be used. Nothing was given back.",
      advice: 'Ask the person in charge to put a good certificate in, then make the refund again.',
    },
    parameter: {
      title: 'Something in it is wrong',
      text: 'What was entered for this refund is not allowed. It was not sent, and nothing was given back.',
      advice: 'Check order number and amount of the refund, then make it again.',
    },
    late: {
      title: 'Refund not sent in time',
      text: 'The till stood still for too long. This refund is void, and nothing was given back.',
      advice: 'Make the refund again.',
    },
    limit: {
      title: 'Too long in the queue',
      text: 'Too many requests are waiting. This refund was not sent, and nothing was given back.',
      advice: 'Wait a moment, then make the refund again.',
    },
    closed: {
      title: 'Payment program closed',
      text: 'The payment program is closing. This refund was not sent, and nothing was given back.',
      advice: 'Open the payment program again, then make the refund again.',
    },
    internal: {
      title: 'Fault of the till',
      text: 'The till had a fault. This refund was not sent, and nothing was given back.',
      advice: 'Make the refund again; if it happens again, ask the person in charge.',
    },
    unlisted: {
      title: 'Refund not sent',
      text: 'This refund was not sent, and nothing was given back.',
      advice: 'Make the refund again; if the same happens, ask the person in charge.',
    },
  },
  attention: {
    'by-hand': {
      title: 'Refund by hand',
      text: "WeChat Pay can't send the money back the way it came; the person in charge must see to it.",
      advice:
        'Give the order number to the person in charge, and tell the customer: "The person in charge sees to your refund, one moment please."',
    },
    'not-ours': {
      title: 'Found another refund',
      text: "WeChat Pay shows an amount, order or merchant that isn't this refund's.",
      advice: keep,
    },
    refused: {
      title: 'Refund not taken',
      text: "WeChat Pay doesn't take the shop's refunds. Whether this one was given back is not known.",
      advice: keep,
    },
    certificate: {
      title: 'Certificate is unusable',
      text: "WeChat Pay doesn't accept the shop's certificate. This refund isn't made yet.",
      advice:
        "Ask the person in charge to change the certificate, then make the refund again with the same refund number; don't pay out cash.",
    },
    unreadable: {
      title: 'Record is unreadable',
      text: "The till's record of this refund can't be read. Whether it was given back is not known.",
      advice: keep,
    },
    'other-merchant': {
      title: "Another merchant's",
      text: "The till's record of this refund is another merchant's, so the result can't be found out here.",
      advice: keep,
    },
    unlisted: {
      title: 'Refund needs a person',
      text: 'The person in charge must look at this refund. Whether it was given back is not known.',
      advice: keep,
    },
  },
};
