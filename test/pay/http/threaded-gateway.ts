// A gateway in a thread of its own, which goes on while the event loop of the client stands still.
import { parentPort } from 'node:worker_threads';
import { base, type Fields, startGateway } from '../../support/gateway.js';
import { httpAnswer, startRawGateway } from '../../support/raw-gateway.js';

const order = ({ out_trade_no = '', total_fee = '100' }: Fields): Fields => ({
  ...base,
  result_code: 'SUCCESS',
  trade_state: 'SUCCESS',
  transaction_id: '42',
  out_trade_no,
  total_fee,
});

const polite = await startGateway();
polite.handle = async ({ fields }) => {
  await new Promise((resolve) => setTimeout(resolve, 50));
  return order(fields);
};
// Answers each query, and once more a moment later.
const stutters = await startRawGateway();
stutters.handle = (fields, connection) => {
  const answer = httpAnswer(order(fields));
  connection.write(answer);
  setTimeout(() => connection.write(answer), 50);
};
// With the authority of this thread's certificates.
parentPort?.postMessage({ polite: polite.options, stutters: stutters.options });
