import { resolve } from 'node:path';
import { padEnd } from '../columns.js';
import type { Command } from '../command.js';
import { examine } from '../doctor/examine.js';
import { exitCodes } from '../exit.js';
import { onInterruption } from '../interruption.js';
import { configOption, journalOption } from '../options.js';
import { packageVersion } from '../version.js';

export const doctor: Command = {
  name: 'doctor',
  says: ({ help }) => help.says.doctor,
  takes: [configOption, journalOption],
  more: ({ help }) => help.more.doctor,
  run: async (given, output) => {
    const folder = given(journalOption);
    const options = { config: given(configOption), journal: folder === undefined ? undefined : resolve(folder) };
    const interruption = onInterruption(output, 'doctor');
    const version = packageVersion();
    const system = { version, node: process.versions.node, platform: process.platform, arch: process.arch };
    output.say(({ doctor: says }) => says.system(version, system.node, `${system.platform}-${system.arch}`));
    const findings = await examine(
      { ...options, now: Date.now, signal: interruption.signal, serviceTimeout: 20_000 },
      {
        waits: (name) => output.step(({ doctor: says }) => `…     ${says.names[name]}`),
        found: (finding) => {
          const { status, name, says, todo } = finding;
          output.say(({ doctor: { marks, names } }) =>
            [padEnd(marks[status], 5), padEnd(names[name], 21), says].join(' '),
          );
          if (todo !== undefined) output.say(({ doctor: words }) => `${' '.repeat(28)}${words.todo(todo)}`);
          output.emit('check', finding);
        },
      },
      output.words,
    );
    interruption.ignore();
    const isGood = !interruption.signal.aborted && findings.every(({ status }) => status !== 'fail');
    const { code } = isGood ? exitCodes.done : exitCodes.failed;
    output.emit('result', { exitCode: code, system, checks: findings });
    return code;
  },
};
