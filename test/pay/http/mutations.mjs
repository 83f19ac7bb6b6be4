// Breaks one rule of lib/pay/http at a time, in a copy of what was compiled, and runs the test that must notice:
// npm run test:mutations
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** file, what to find (once), what to write instead, the test's file and a part of its name. */
const mutations = [
  ['sent', 'if (!released)\n        return false;', '', 'sent', 'if it was never let go'],
  ['sent', "protocol === 'TLSv1.3' && ", '', 'sent', 'yes, by TLS 1.2'],
  ['sent', 'first && ', '', 'sent', 'over a connection that had been used before'],
  ['sent', '!answered && ', '', 'sent', 'yes, if it was answered'],
  ['sent', '!sent && why', 'why', 'sent', 'never if something may have been'],
  ['sent', "'withdrawn', ", '', 'sent', 'withdrawn'],
  ['message-end', 'bodyLength === Number(length)', 'bodyLength >= Number(length)', 'message-end', 'and one byte more'],
  ['post', 'this.#askMayLeave();', '', 'first-byte', 'never heard of if it says no'],
  ['post', 'socket.destroy();\n            return;', '', 'first-byte', 'never heard of if it says no'],
  ['post', 'cause: signal?.reason', 'cause: undefined', 'first-byte', 'in the TLS handshake: told at once'],
  ['message', ', agent, giveUp, ', ', agent, ', 'first-byte', 'in the TLS handshake: told at once'],
  [
    'post',
    'await readArrived(() => this.#socket?.bytesRead ?? 0);',
    '',
    'still-loop',
    'an answer that came in time is read',
  ],
  [
    'post',
    'this.#pause();\n                yield chunk;',
    'yield chunk;',
    '../bill/download',
    'waits for whoever reads it',
  ],
  ['post', 'this.#wait();\n            for await', 'for await', '../bill/download', 'after its head alone'],
  ['post', 'await readingTurn();', '', 'still-loop', 'what a kept connection brought meanwhile'],
  ['post', 'const ended = ask(socket);', 'ask(socket); const ended = undefined;', 'first-byte', 'else nothing is sent'],
  ['fail-over', 'way.fresh ? fresh : kept', 'kept', 'first-byte', 'or that was opened for this call'],
  ['fail-over', '!mayAskAnother(error.sent, error.why)', 'error.sent', 'first-byte', 'never heard of if it says no'],
  ['agent', 'stoodStill < noticeable', 'true', 'still-loop', 'a connection that nobody could make meanwhile'],
  ['agent', 'isQuiet && ', '', 'first-byte', 'is ended by a line feed behind an answer'],
  [
    'watch',
    "this.#endWith(new Error('the gateway spoke",
    "void (new Error('the gateway spoke",
    'first-byte',
    'is ended by a line feed while nobody asks',
  ],
  [
    'proxy',
    'onAbort(signal, () => socket.destroy())',
    '() => {}',
    'first-byte',
    'before a SOCKS proxy that says nothing',
  ],
  [
    'sockets',
    "return socket.on('error', () => socket.destroy());",
    'return socket;',
    'sockets',
    'may fail at any time',
  ],
  ['sockets', '}\n        catch {', '} finally {', 'sockets', 'is closed if it can'],
  ['sockets', 'tcp.resetAndDestroy();', 'tcp.destroy();', '../transport', 'and resets the connection after a time-out'],
];

const copy = 'build/mutant';
let unnoticed = 0;
for (const [file, find, write, test, name] of mutations) {
  rmSync(copy, { recursive: true, force: true });
  cpSync('build/js', copy, { recursive: true });
  const path = `${copy}/lib/pay/http/${file}.js`;
  const [before, after, more] = readFileSync(path, 'utf8').split(find);
  if (after === undefined || more !== undefined) throw new Error(`${path} has not just one ${find}`);
  writeFileSync(path, `${before}${write}${after}`);
  const spec = `${copy}/test/pay/http/${test}.test.js`;
  const args = ['node_modules/mocha/bin/_mocha', '--no-config', '--exit', '--timeout', '8000', '-g', name, spec];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 120_000 });
  const noticed = status !== 0 && /\d+ failing/.test(stdout);
  if (!noticed) unnoticed += 1;
  const change = write === '' ? 'left out' : `→ ${write}`;
  console.log(`${noticed ? 'noticed  ' : 'UNNOTICED'} ${file}: ${find.replace(/\s+/g, ' ')} ${change}: "${name}"`);
}
rmSync(copy, { recursive: true, force: true });
process.exit(unnoticed > 0 ? 1 : 0);
