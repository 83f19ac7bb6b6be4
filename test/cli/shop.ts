import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Scenario, type Simulator, startSimulator } from 'wxpay-face/simulator';
import { writeSimulatorConfig } from '../../lib/cli/simulator-config.js';
import { Command, type Ended, type Options } from '../support/command.js';

/** A shop's pace, many times faster; but a busy machine gets its time. Milliseconds. */
const quick = {
  timeout: { connect: 5000, response: 5000 },
  polling: { firstDelay: 50, interval: 50, timeout: 60_000 },
  reversal: { notBefore: 100, settleAfter: 10_500, backoff: { initial: 20, maximum: 100 } },
};

export interface Shop {
  simulator: Simulator;
  folder: string;
  config: string;
  journal: string;
  /** Lays fields over the configuration; undefined removes one. */
  change(fields: Record<string, unknown>): void;
  start(args: readonly string[], options?: Options): Command;
  run(args: readonly string[], options?: Options): Promise<Ended>;
  /** Undoes what would outlive the test. */
  atEnd(undo: () => unknown): void;
  close(): Promise<void>;
}

/** A simulator in this process, and a folder with a configuration for the command. */
export async function openShop(scenario: Scenario = 'success'): Promise<Shop> {
  const behaviour = typeof scenario === 'string' ? { scenario } : scenario;
  const simulator = await startSimulator({ scenario: { faceDelay: 10, confirmDelay: 0, latency: 0, ...behaviour } });
  const folder = mkdtempSync(join(tmpdir(), 'wxpay-face-cli-'));
  const config = join(folder, 'till.json');
  writeSimulatorConfig(simulator, config);
  const change = (fields: Record<string, unknown>): void =>
    writeFileSync(config, JSON.stringify({ ...JSON.parse(readFileSync(config, 'utf8')), ...fields }));
  change(quick);
  const hidden = [simulator.client.key];
  const started: Command[] = [];
  const undone: Array<() => unknown> = [];
  const start = (args: readonly string[], options: Options = {}): Command => {
    const command = new Command(args, {
      cwd: folder,
      ...options,
      env: { WXPAY_FACE_CONFIG: config, ...options.env },
      hidden: [...hidden, ...(options.hidden ?? [])],
    });
    started.push(command);
    return command;
  };
  return {
    simulator,
    folder,
    config,
    journal: join(folder, 'till.journal'),
    change,
    start,
    run: (args, options) => start(args, { input: '', ...options }).ended(),
    atEnd: (undo) => undone.push(undo),
    close: async () => {
      for (const undo of undone) await undo();
      for (const command of started) command.kill();
      try {
        await Promise.all(started.map((command) => command.ended()));
      } finally {
        await simulator.close();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}
