import { exitCodes } from '../exit.js';
import { onInterruption } from '../interruption.js';
import type { Output } from '../output.js';
import { examine } from './examine.js';
import type { Finding } from './verdict.js';

const marks: Readonly<Record<Finding['status'], string>> = { ok: 'ok', warn: 'WARN', fail: 'FAIL', skip: 'skip' };

/** `wxpay-face doctor`: why a till doesn't pay. Resolves with the exit code. */
export async function doctor(
  options: { config: string | undefined; journal: string | undefined },
  version: string,
  output: Output,
): Promise<number> {
  const interruption = onInterruption(output, { first: 'Stopping.', second: 'Ended at once.' });
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
}
