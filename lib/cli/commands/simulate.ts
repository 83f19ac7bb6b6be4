import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { onAbort } from '../../abort.js';
import { startSimulator } from '../../simulator/index.js';
import { type Command, flag, type Part, text, wholeNumber } from '../command.js';
import { exitCodes } from '../exit.js';
import { onInterruption } from '../interruption.js';
import { ensureReplaceable, writeSimulatorConfig } from '../simulator-config.js';

const openers: Partial<Record<NodeJS.Platform, (url: string) => [command: string, ...args: string[]]>> = {
  // The first argument of `start` is a window's title.
  win32: (url) => ['cmd', '/d', '/c', 'start', '""', url.replace(/[&^]/g, '^$&')],
  darwin: (url) => ['open', url],
};

/** If there is no browser, the address was printed all the same. */
function openPage(url: string): void {
  const [command, ...args] = (openers[process.platform] ?? ((page) => ['xdg-open', page]))(url);
  spawn(command, args, { stdio: 'ignore', detached: true, windowsVerbatimArguments: true, windowsHide: true })
    .on('error', () => undefined)
    .unref();
}

const readPort = wholeNumber(0, 65_535);
const portOption: Part<number | undefined> = {
  written: '--port <port>',
  says: ({ help }) => help.takes.port,
  read: (raw) => (raw === undefined ? undefined : readPort(raw)),
};
const pipeOption = text('--pipe <path>', ({ help }) => help.takes.pipe);
const scenarioOption = text('--scenario <name>', ({ help }) => help.takes.scenario);
const openOption = flag('--no-open', ({ help }) => help.takes.noOpen);
const writeConfigOption = text('--write-config <file>', ({ help }) => help.takes.writeConfig);

export const simulate: Command = {
  name: 'simulate',
  says: ({ help }) => help.says.simulate,
  takes: [portOption, pipeOption, scenarioOption, openOption, writeConfigOption],
  run: async (given, output) => {
    const [port, pipe, scenario] = [given(portOption), given(pipeOption), given(scenarioOption)];
    const writeConfig = given(writeConfigOption);
    if (writeConfig !== undefined) ensureReplaceable(resolve(writeConfig));
    const interruption = onInterruption(output, 'simulate');
    const simulator = await startSimulator({
      ...(port !== undefined && { port }),
      ...(pipe !== undefined && { pipe }),
      ...(scenario !== undefined && { scenario }),
    });
    let removeConfig = (): void => undefined;
    try {
      if (writeConfig !== undefined) removeConfig = writeSimulatorConfig(simulator, writeConfig);
      const gateway = simulator.client.endpoints?.pay ?? '';
      const config = writeConfig === undefined ? undefined : resolve(writeConfig);
      const { consoleUrl, library, env } = simulator;
      output.say(({ play }) => play.console(consoleUrl));
      output.say(({ play }) => play.gateway(gateway));
      output.say(({ play }) => play.service(env.WXPAY_FACE_PIPE ?? ''));
      output.say(({ play }) => play.simulatedLibrary(library));
      if (config !== undefined) output.say(({ play }) => play.config(config));
      output.say(({ play }) => play.howToEnd);
      output.emit('ready', { consoleUrl, gateway, library, env, ...(config !== undefined && { config }) });
      if (given(openOption)) openPage(consoleUrl);
      await new Promise<void>((end) => onAbort(interruption.signal, end));
      output.emit('result', { exitCode: exitCodes.done.code });
      return exitCodes.done.code;
    } finally {
      removeConfig();
      await simulator.close();
      interruption.ignore();
    }
  },
};
