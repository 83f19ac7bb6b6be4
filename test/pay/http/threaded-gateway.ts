// A gateway in a thread of its own, which goes on while the event loop of the client stands still.
import { parentPort, workerData } from 'node:worker_threads';
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
// Answers each query, and the last one once more when the client says that it stands still.
const stutters = await startRawGateway();
let answerAgain = () => {};
stutters.handle = (fields, connection) => {
  const answer = httpAnswer(order(fields));
  connection.write(answer);
  answerAgain = () =>
    connection.write(answer, () => {
      const sent = new Int32Array(workerData);
      Atomics.store(sent, 0, 1);
      Atomics.notify(sent, 0);
    });
};
parentPort?.on('message', () => answerAgain());
// With the authority of this thread's certificates.
parentPort?.postMessage({ polite: polite.options, stutters: stutters.options });
