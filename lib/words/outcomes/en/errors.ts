import type { ErrorWords } from '../words.js';

const wait =
  "Ask the customer to wait, and look at the result of this order; until then, don't hand over the goods or take money again.";
const scanInstead = 'Take the payment by payment code instead, and ask the person in charge to check the face service.';

export const errors: ErrorWords = {
  codes: {
    ERR_INVALID_PARAMETER: {
      title: 'Something entered is wrong',
      text: 'What was entered is not allowed. It was not sent.',
      advice: 'Check amount, order number and payment code; if it happens again, ask the person in charge.',
    },
    ERR_INVALID_POLICY: {
      title: 'Wrong payment settings',
      text: "The till's payment settings are not allowed. They were not taken.",
      advice: 'Ask the person in charge to correct the settings.',
    },
    ERR_BUSY: {
      title: 'The last one still goes on',
      text: "The last payment hasn't ended yet; this one hasn't begun.",
      advice: 'Wait for the last one to end, then take this one.',
    },
    ERR_ORDER_EXISTS: {
      title: 'Number used before',
      text: 'This number was used before. Nothing was sent this time.',
      advice: 'First look at the result of the earlier one; for a new one use a new number.',
    },
    ERR_ORDER_UNKNOWN: {
      title: 'No such order',
      text: "The till's records don't have this number.",
      advice: 'Check the number, and make sure that this till took it.',
    },
    ERR_ORDER_FOREIGN: {
      title: "Another merchant's",
      text: "This order number is another merchant's, and nothing can be done about it here.",
      advice: 'Ask the person in charge; the merchant who took the money must see to it.',
    },
    ERR_ORDER_REFUNDED: {
      title: 'Refunded before',
      text: "This order has been refunded, so the whole of it can't be reversed any more.",
      advice: 'To give more back, refund what is left.',
    },
    ERR_CLOSED: {
      title: 'Payment program closed',
      text: 'The payment program was closed. The result of this one is not known yet.',
      advice:
        "Open the payment program again and look at the result; until then, don't hand over the goods or take money again.",
    },
    ERR_LIBRARY_LOAD: {
      title: "Face payment can't start",
      text: "A part of the face payment can't be opened, so faces can't be used now. The face alone charges nothing.",
      advice: scanInstead,
    },
    ERR_SERVICE_CALL: {
      title: 'No reply from face service',
      text: "The face service doesn't reply; maybe it isn't running. The face alone charges nothing.",
      advice: scanInstead,
    },
    ERR_SERVICE_RESPONSE: {
      title: 'Wrong reply of face service',
      text: 'The face service gave a wrong reply. The face alone charges nothing.',
      advice: scanInstead,
    },
    ERR_SERVICE_COMMAND: {
      title: "Face payment didn't work",
      text: "The face service couldn't do this step. The face alone charges nothing.",
      advice: 'Ask the customer to show the face again, or take the payment by payment code.',
    },
    ERR_HOST_PROCESS: {
      title: 'Face program interrupted',
      text: 'The face program was interrupted; it starts again by itself. The face alone charges nothing.',
      advice: 'Try again a little later, or take the payment by payment code.',
    },
    ERR_JOURNAL: {
      title: "Trouble with till's records",
      text: "The till's records can't be read or written. The result of this one is not known yet.",
      advice: "Don't hand over the goods or take money again; ask the person in charge to check the till's disk.",
    },
    ERR_JOURNAL_LOCKED: {
      title: 'Payment program open twice',
      text: "Another program is using the till's records. No payment was taken.",
      advice: 'Close the other payment program, then open this one again.',
    },
    ERR_JOURNAL_DAMAGED: {
      title: "Till's records are damaged",
      text: "Something of the till's records is lost. The results of unfinished payments are not known.",
      advice: 'Take no payments for now, delete no file, and call the person in charge at once.',
    },
    ERR_JOURNAL_LOST: {
      title: 'Taken over elsewhere',
      text: 'Another machine has taken this one over. The result is not known yet.',
      advice: wait,
    },
    ERR_PAY_RESPONSE: {
      title: 'Unreadable answer',
      text: "WeChat Pay's answer can't be read. The result is not known yet.",
      advice: wait,
    },
    ERR_PAY_SIGNATURE: {
      title: 'Answer not to be trusted',
      text: "The answer can't be shown to come from WeChat Pay. The result is not known yet.",
      advice: "Don't hand over the goods or take money again; ask the person in charge to check the key.",
    },
    ERR_PAY_MISMATCH: {
      title: "Another order's answer",
      text: "The answer that came isn't about this order. The result is not known yet.",
      advice: wait,
    },
    ERR_PAY_PROTOCOL: {
      title: 'WeChat Pay refuses',
      text: "WeChat Pay didn't take this request. The result is not known yet.",
      advice:
        "Don't hand over the goods or take money again; ask the person in charge to check merchant number and key.",
    },
    ERR_BILL: {
      title: "Bill can't be used",
      text: 'The bill that was fetched is incomplete or wrong, and was not used.',
      advice: 'Fetch the bill again; if it happens again, ask the person in charge.',
    },
    ERR_BILL_MISSING: {
      title: 'No bill',
      text: 'WeChat Pay has no bill of this day yet, or nothing was sold that day.',
      advice: 'Fetch the bill after ten in the morning of the next day.',
    },
  },
  transport: {
    sent: {
      title: 'No answer',
      text: 'No answer came from WeChat Pay. Whether the customer was charged is not known yet.',
      advice: wait,
    },
    'not-sent': {
      title: 'WeChat Pay not reached',
      text: "WeChat Pay wasn't reached. Nothing was sent, and nothing was charged.",
      advice: 'Check the network, then try again.',
    },
  },
  token: {
    title: 'Till not admitted',
    text: "The merchant server doesn't admit this till, or not to this. Nothing was sent.",
    advice: 'Ask the person in charge to check what this till may do, and its token.',
  },
  refund: {
    'not-paid': {
      title: 'Not paid, no refund',
      text: "The till's records have no payment of this order, so nothing was refunded.",
      advice: 'Check the order number.',
    },
    'too-much': {
      title: 'Refund is too large',
      text: 'With this refund, more would be given back than was received for the order. Nothing was refunded.',
      advice: 'Check the amount, and make a smaller refund.',
    },
    'too-many': {
      title: 'Too many refunds of it',
      text: 'This order has had fifty refunds, and can have no more. Nothing was refunded.',
      advice: 'Ask the person in charge to agree with the customer on another way to give the money back.',
    },
    'too-old': {
      title: 'Too late for a refund',
      text: 'This order was paid more than a year ago. Nothing was refunded.',
      advice: 'Ask the person in charge to agree with the customer on another way to give the money back.',
    },
    'given-up': {
      title: 'Reversed before',
      text: 'The whole of this order is reversed, so no refund is needed.',
      advice: 'Tell the customer: "All that was charged is given back."',
    },
    unlisted: {
      title: 'No refund',
      text: "This order can't be refunded like this. Nothing was refunded.",
      advice: 'Check order number and amount; if it happens again, ask the person in charge.',
    },
  },
};
