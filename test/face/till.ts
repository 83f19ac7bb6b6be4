// A till in a process of its own: opens the library, begins a call, and ends in the way that it is told.
//   node till.js <library> <host> <cmd> <end>
import { FaceService } from 'wxpay-face';

const [library, host, cmd, end] = process.argv.slice(2);
if (library === undefined || cmd === undefined || (host !== 'in-process' && host !== 'host-process'))
  throw new Error('usage: till.js <library> <host> <cmd> <end>');

const face = await FaceService.open({ library, host });
const { pid } = await face.call('report');
const call = face.call(cmd, { return_code: 'SUCCESS' });
// Until the call is in the library.
if (cmd === 'hang' || cmd === 'block') await face.call('report');

process.stdout.write(`${JSON.stringify({ pid })}\n`);
switch (end) {
  case 'exit':
    process.exit(5);
    break;
  case 'throw':
    setImmediate(() => {
      throw new Error('the till breaks');
    });
    break;
  case 'answer':
    process.stdout.write(`${JSON.stringify(await call)}\n`);
}
