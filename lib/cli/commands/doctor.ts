import { resolve } from 'node:path';
import type { Command } from '../command.js';
import { examine } from '../doctor/examine.js';
import type { Finding } from '../doctor/verdict.js';
import { exitCodes } from '../exit.js';
import { onInterruption } from '../interruption.js';
import { configOption, journalOption } from '../options.js';
import { packageVersion } from '../version.js';

const marks: Readonly<Record<Finding['status'], string>> = { ok: 'ok', warn: 'WARN', fail: 'FAIL', skip: 'skip' };

export const doctor: Command = {
  name: 'doctor',
  says: 'find out why a till does not pay; moves no money',
  takes: [configOption, journalOption],
  more: `Takes the camera for a moment, but for a till program that runs, as its locked journal shows: then neither camera nor
service is touched. A till whose merchant server has the journal must be closed before.`,
  run: async (given, output) => {
    const folder = given(journalOption);
    const options = { config: given(configOption), journal: folder === undefined ? undefined : resolve(folder) };
    const interruption = onInterruption(output, { first: 'Stopping.', second: 'Ended at once.' });
    const version = packageVersion();
    const system = { version, node: process.versions.node, platform: process.platform, arch: process.arch };
    output.say(`wxpay-face ${version}, Node.js ${system.node}, ${system.platform}-${system.arch}`);
    const findings = await examine(
      { ...options, now: Date.now, signal: interruption.signal, serviceTimeout: 20_000 },
      {
        waits: (name) => output.step(`…     ${name}`),
        found: (finding) => {
          output.say(`${marks[finding.status].padEnd(5)} ${finding.name.padEnd(21)} ${finding.says}`);
          if (finding.todo !== undefined) output.say(`${' '.repeat(28)}→ ${finding.todo}`);
          output.emit('check', finding);
        },
      },
    );
    interruption.ignore();
    const isGood = !interruption.signal.aborted && findings.every(({ status }) => status !== 'fail');
    const { code } = isGood ? exitCodes.done : exitCodes.failed;
    output.emit('result', { exitCode: code, system, checks: findings });
    return code;
  },
};
