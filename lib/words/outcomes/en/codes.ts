import type { OutcomeWords } from '../words.js';

const check = 'Take the money another way, and ask the person in charge to check the payment program.';

/** As close to the vendor's own words (vendor page, 5 to 7) as a cashier can use them. */
export const codes: OutcomeWords['codes'] = {
  SYSTEMERROR: {
    title: 'WeChat Pay is slow',
    text: 'WeChat Pay took too long, and gave no result of the payment.',
    advice: "Ask the customer to wait for the result; until then, don't hand over the goods or take money again.",
  },
  BANKERROR: {
    title: 'Trouble at the bank',
    text: "The bank's system failed, and gave no result of the payment.",
    advice: "Ask the customer to wait for the result; until then, don't hand over the goods or take money again.",
  },
  USERPAYING: {
    title: 'Waiting for the password',
    text: 'The customer must enter the password for this payment.',
    advice:
      'Tell the customer: "Please enter your password on the phone." Don\'t hand over the goods before the result.',
  },
  PARAM_ERROR: {
    title: 'Something sent was wrong',
    text: "What the till sent was wrong. WeChat Pay didn't take it.",
    advice: check,
  },
  LACK_PARAMS: {
    title: 'Something was missing',
    text: "What the till sent was incomplete. WeChat Pay didn't take it.",
    advice: check,
  },
  XML_FORMAT_ERROR: {
    title: 'Sent in a wrong form',
    text: "What the till sent had a wrong form. WeChat Pay didn't take it.",
    advice: check,
  },
  REQUIRE_POST_METHOD: {
    title: 'Sent in a wrong way',
    text: "The till sent it in a wrong way. WeChat Pay didn't take it.",
    advice: check,
  },
  NOT_UTF8: {
    title: 'Text sent wrongly',
    text: "The till sent text in a wrong encoding. WeChat Pay didn't take it.",
    advice: check,
  },
  ORDERPAID: {
    title: 'Order already paid',
    text: 'This order number was paid before.',
    advice: 'First make sure whether this order was paid; for a new sale use a new order number.',
  },
  OUT_TRADE_NO_USED: {
    title: 'Order number used before',
    text: "This order number was used before; one sale can't be sent twice.",
    advice: 'Check whether it was sent twice; for a new sale use a new order number.',
  },
  ORDERCLOSED: {
    title: 'Order closed',
    text: 'This order was closed.',
    advice: 'Make a new order, then ask the customer to pay.',
  },
  ORDERREVERSED: {
    title: 'Order reversed',
    text: 'This order was reversed.',
    advice: 'Make a new order, and ask the customer to pay again.',
  },
  NOAUTH: {
    title: 'Not allowed for this shop',
    text: "The shop hasn't been granted this kind of payment yet.",
    advice: 'Take the money another way, and ask the person in charge to apply for it at WeChat Pay.',
  },
  AUTHCODEEXPIRE: {
    title: 'Code expired',
    text: 'The code has expired; ask the customer to refresh it in WeChat and try again.',
    advice:
      'Ask the customer to refresh the payment code in WeChat, then scan it again; or take the payment by face again.',
  },
  AUTH_CODE_ERROR: {
    title: 'Wrong payment code',
    text: 'The payment code is wrong. Each code can be used only once.',
    advice: 'Ask the customer to refresh the payment code, then scan it again.',
  },
  AUTH_CODE_INVALID: {
    title: 'Not a WeChat payment code',
    text: 'What was scanned is no payment code of WeChat Pay.',
    advice: 'Ask the customer to open the payment code in WeChat, then scan it again.',
  },
  NOTENOUGH: {
    title: 'Not enough money',
    text: 'The customer has not enough money; ask the customer to pay with another card.',
    advice:
      'Tell the customer: "There is not enough money, please choose another card." Then scan again, or take the payment by face again.',
  },
  NOTSUPORTCARD: {
    title: 'Card not supported',
    text: "This card can't be used here; ask the customer to pay with another card or to add a new one.",
    advice: 'Ask the customer to choose another card, then scan again, or take the payment by face again.',
  },
  BUYER_MISMATCH: {
    title: 'Another payer',
    text: "An order can't change its payer.",
    advice: 'Ask the first payer to pay; if another person is to pay, make a new order.',
  },
  TRADE_ERROR: {
    title: 'Payment failed',
    text: "The payment failed. Something may be wrong with the customer's account, or it is restricted.",
    advice: 'Ask the customer to check the account, or to pay another way.',
  },
  SIGNERROR: {
    title: 'Key does not match',
    text: "The shop's key isn't the one that WeChat Pay has.",
    advice: 'Take the money another way, and ask the person in charge to check the key.',
  },
  APPID_NOT_EXIST: {
    title: 'Official account not found',
    text: "WeChat Pay doesn't find the shop's official account.",
    advice: 'Take the money another way, and ask the person in charge to check the official account.',
  },
  MCHID_NOT_EXIST: {
    title: 'Merchant number not found',
    text: "WeChat Pay doesn't find the shop's merchant number.",
    advice: 'Take the money another way, and ask the person in charge to check the merchant number.',
  },
  APPID_MCHID_NOT_MATCH: {
    title: 'Account and number differ',
    text: "The shop's official account and its merchant number don't belong together.",
    advice: 'Take the money another way, and ask the person in charge to check the two.',
  },
  INVALID_REQUEST: {
    title: 'Not taken',
    text: "WeChat Pay didn't take it: the shop's permission or certificate may be wrong, or it was sent twice.",
    advice: 'Take the money another way, and ask the person in charge to check the payment settings.',
  },
  FREQUENCY_LIMITED: {
    title: 'Too many payments at once',
    text: 'The shop asks for payments too often, and this one was not taken.',
    advice: 'Wait a moment, then take the payment again.',
  },
  ORDERNOTEXIST: {
    title: 'Order not found',
    text: "WeChat Pay doesn't find this order number at the moment.",
    advice: 'Check the order number; if the customer has paid, ask the person in charge.',
  },
  INVALID_TRANSACTIONID: {
    title: 'Wrong WeChat order number',
    text: "The till sent a wrong order number of WeChat Pay's.",
    advice: 'Check this order, and ask the person in charge to check the payment program.',
  },
  REVERSE_EXPIRE: {
    title: "Order can't be reversed",
    text: 'An order can be reversed for seven days only, and this one is older.',
    advice: 'To give the money back to the customer, ask the person in charge for a refund.',
  },
  USER_CANCEL: {
    title: 'Customer left the camera',
    text: 'The customer left the face payment.',
    advice: 'Ask whether the customer wants to show the face again, or to pay another way.',
  },
  SCAN_PAYMENT: {
    title: 'Customer wants to scan',
    text: 'Before the camera, the customer chose to pay by scanning.',
    advice: "Scan the customer's payment code.",
  },
  'other-wallet': {
    title: 'Code of another wallet',
    text: 'What was scanned is the payment code of another wallet; only WeChat Pay is taken here.',
    advice:
      'Tell the customer: "Please open the payment code in WeChat." Then scan again, or take the money another way.',
  },
  'not-a-code': {
    title: 'Not a payment code',
    text: 'What was scanned is no payment code.',
    advice: 'Ask the customer to open the payment code in WeChat, hold it to the scanner, and scan again.',
  },
  ERROR: {
    title: "It didn't work",
    text: "This step didn't work.",
    advice:
      'First look at the result of this order, then decide whether to do it again; if it happens again, ask the person in charge.',
  },
  unlisted: {
    title: 'Payment not made',
    text: "WeChat Pay didn't agree to this payment.",
    advice: 'Tell the customer: "The payment was not made." Ask the customer to pay another way.',
  },
};
