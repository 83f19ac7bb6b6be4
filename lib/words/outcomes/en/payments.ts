import type { PaymentWords } from '../words.js';

const keep =
  "Ask the customer to wait, and give the order number to the person in charge. Keep the goods for now, and don't take money again.";

export const payment: PaymentWords = {
  paid: (amount) => ({
    title: 'Paid',
    text: `The customer's payment was received: ${amount}.`,
    advice: 'Hand over the goods, and tell the customer: "Paid, thank you."',
  }),
  failed: {
    dns: {
      title: 'WeChat Pay not found',
      text: 'The till has no network. The payment was not sent, and nothing was charged.',
      advice: 'Check the network, then take the payment again; or take cash instead.',
    },
    unreachable: {
      title: 'WeChat Pay out of reach',
      text: "WeChat Pay can't be reached at the moment. The payment was not sent, and nothing was charged.",
      advice: 'Take the payment again a little later; if it stays like this, check the network.',
    },
    'connect-timeout': {
      title: 'Connecting took too long',
      text: "The network is too slow: WeChat Pay wasn't reached in time, and nothing was charged.",
      advice: 'Take the payment again; if it takes too long again, check the network.',
    },
    tls: {
      title: 'No secure connection',
      text: "A secure connection to WeChat Pay couldn't be made. Nothing was charged.",
      advice: "Check the till's date and time, then take the payment again.",
    },
    proxy: {
      title: "Shop's network is down",
      text: "The shop's way to the internet doesn't work. The payment was not sent, and nothing was charged.",
      advice: 'Take the money another way, and ask the person in charge to check the internet settings.',
    },
    certificate: {
      title: "Shop's certificate is unusable",
      text: "The shop's certificate can't be used. The payment was not sent, and nothing was charged.",
      advice: 'Take the money another way, and ask the person in charge to check the certificate.',
    },
    parameter: {
      title: 'Something in the order is wrong',
      text: 'What was entered for this order is not allowed. It was not sent, and nothing was charged.',
      advice: 'Check the amount and the payment code, then take the payment again.',
    },
    late: {
      title: 'Payment not sent in time',
      text: 'The till stood still for too long. This payment is void, and nothing was charged.',
      advice: 'Take the payment again.',
    },
    limit: {
      title: 'Too long in the queue',
      text: 'Too many payments are waiting. This one was not sent, and nothing was charged.',
      advice: 'Wait a moment, then take the payment again.',
    },
    closed: {
      title: 'Payment program closed',
      text: 'The payment program is closing. This payment was not sent, and nothing was charged.',
      advice: 'Open the payment program again, then take the payment again.',
    },
    internal: {
      title: 'Fault of the till',
      text: 'The till had a fault. This payment was not sent, and nothing was charged.',
      advice: 'Take the payment again; if it happens again, ask the person in charge.',
    },
    unlisted: {
      title: 'Payment not sent',
      text: 'This payment was not sent, and nothing was charged.',
      advice: 'Take the payment again, or take the money another way.',
    },
  },
  cancelled: {
    customer: {
      title: 'Cancelled by the customer',
      text: 'The customer cancelled the payment. Nothing was charged.',
      advice: 'Ask whether the customer wants to pay another way.',
    },
    cashier: {
      title: 'Payment cancelled',
      text: 'The cashier cancelled this payment. Nothing was charged.',
      advice: 'If this order is to be paid after all, take the payment again.',
    },
    timeout: {
      title: 'Waited too long',
      text: "Time is up, and the customer hasn't paid. Nothing was charged.",
      advice: 'Ask whether the customer still wants to pay; if so, take the payment again.',
    },
    unlisted: {
      title: 'Payment cancelled',
      text: 'This payment was cancelled. Nothing was charged.',
      advice: 'To go on, make a new order.',
    },
  },
  reversed: {
    unknown: {
      title: 'Payment reversed',
      text: 'The result stayed unknown, so the payment was reversed: nothing was charged, or it was given back.',
      advice: "Don't hand over the goods for this payment. To sell all the same, make a new order.",
    },
    'given-up': {
      title: 'Sale reversed',
      text: 'The payment was reversed as you asked: nothing was charged, or it was given back.',
      advice:
        'Don\'t hand over the goods, and tell the customer: "This is cancelled; anything charged has been given back."',
    },
    payerror: {
      title: "Customer's payment failed",
      text: "The customer's payment failed and was reversed: nothing was charged, or it was given back.",
      advice:
        "Don't hand over the goods. Ask the customer to pay with another card or another way, and make a new order.",
    },
    unlisted: {
      title: 'Payment reversed',
      text: 'This payment was reversed: nothing was charged, or it was given back.',
      advice: "Don't hand over the goods. To sell all the same, make a new order.",
    },
  },
  reversing: {
    unknown: {
      title: 'Payment being reversed',
      text: 'The result stayed unknown. This order takes no payment any more; it is being reversed.',
      advice:
        'Don\'t hand over the goods, and tell the customer: "The payment wasn\'t made; anything charged is given back." To sell all the same, make a new order.',
    },
    'given-up': {
      title: 'Sale being reversed',
      text: 'This payment was given up as you asked; it is being reversed.',
      advice: 'Don\'t hand over the goods, and tell the customer: "This is cancelled; anything charged is given back."',
    },
    payerror: {
      title: 'Failed, being reversed',
      text: "The customer's payment failed. This order takes no payment any more; it is being reversed.",
      advice:
        "Don't hand over the goods. Anything charged is given back; ask the customer to pay another way, and make a new order.",
    },
    unlisted: {
      title: 'Payment being reversed',
      text: 'This order takes no payment any more; it is being reversed.',
      advice: "Don't hand over the goods. Anything charged is given back; to sell all the same, make a new order.",
    },
  },
  attention: {
    'number-taken': {
      title: 'Order number is taken',
      text: "This order number belongs to another sale, whose payment doesn't count for this order.",
      advice: keep,
    },
    'not-ours': {
      title: 'Found another payment',
      text: "WeChat Pay shows an amount, merchant or time that isn't this order's.",
      advice: keep,
    },
    'refunded-elsewhere': {
      title: 'Refunded elsewhere',
      text: 'This order has a refund that was not made from here.',
      advice: keep,
    },
    refused: {
      title: 'WeChat Pay refuses',
      text: "WeChat Pay doesn't accept the shop's key or merchant number. Whether this order was charged is not known.",
      advice: keep,
    },
    certificate: {
      title: "Can't be reversed yet",
      text: "The shop's certificate can't be used, so this order isn't reversed yet. The customer may have been charged.",
      advice: keep,
    },
    'reverse-expired': {
      title: 'Too late to reverse',
      text: 'This order was not reversed, and now it is too late for that. The customer may have been charged.',
      advice:
        'Ask the customer to wait, and give the order number to the person in charge, who checks and then refunds. Keep the goods for now.',
    },
    denied: {
      title: 'The order is gone',
      text: 'WeChat Pay once confirmed this order, and now finds it no more.',
      advice: keep,
    },
    unreadable: {
      title: 'Record is unreadable',
      text: "The till's record of this order can't be read. Whether it was paid is not known.",
      advice: keep,
    },
    'other-merchant': {
      title: "Another merchant's",
      text: "The till's record of this order is another merchant's, so the result can't be found out here.",
      advice: keep,
    },
    unlisted: {
      title: 'Ask the person in charge',
      text: 'The person in charge must look at this order. Whether it was paid is not known.',
      advice: keep,
    },
  },
  scan: {
    title: 'Customer wants to scan',
    text: 'The customer wants to pay by payment code. Nothing was charged yet.',
    advice: 'Ask the customer to open the payment code in WeChat, then scan it.',
  },
};
