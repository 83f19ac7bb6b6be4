// A till in a process or a worker of its own: opens the library, begins a call (or does nothing), and ends in the way that it is told.
//   node till.js <library> <host> <cmd> <end>
// `close` closes during a call that hangs; `leave_bare_child` does after the library has started a child that lives on.
// `starve` asks for a new host process while there is no file descriptor for its pipes, and again when there is.
import { closeSync, openSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { FaceService } from 'wxpay-face';

const [library, host, cmd, end] = process.argv.slice(2);
if (library === undefined || cmd === undefined || (host !== 'in-process' && host !== 'host-process'))
  throw new Error('usage: till.js <library> <host> <cmd> <end>');

const say = (what: object) =>
  parentPort ? parentPort.postMessage(what) : process.stdout.write(`${JSON.stringify(what)}\n`);

const face = await FaceService.open({ library, host });
if (cmd === 'nothing') process.exitCode = 7;
else if (cmd === 'starve') {
  await face.call('crash').catch(() => {});
  const files: number[] = [];
  try {
    for (;;) files.push(openSync('/dev/null', 'r'));
  } catch {} // none is left
  const failure = await face.call('report').catch(({ name, message }) => ({ name, message }));
  for (const file of files) closeSync(file);
  const { return_code } = await face.call('report');
  say({ failure, return_code });
} else if (cmd === 'close') {
  const call = face.call('hang').catch(({ code }) => code);
  await face.close({ timeout: 100 });
  say({ rejected: await call });
  process.exitCode = 7;
} else if (cmd === 'leave_bare_child') {
  await face.call(cmd, { return_code: 'SUCCESS' });
  await face.close();
  process.exitCode = 7;
} else {
  const { pid } = await face.call('report');
  const call = face.call(cmd, { return_code: 'SUCCESS' });
  // Until the call is in the library.
  if (cmd === 'hang') await face.call('report');
  say({ pid });
  if (end === 'exit') process.exit(5);
  if (end === 'throw')
    setImmediate(() => {
      throw new Error('the till breaks');
    });
  if (end === 'answer') say(await call);
}
