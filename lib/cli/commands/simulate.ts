import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
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

/** Where there is no browser, the address was printed all the same. */
function openPage(url: string): void {
  const [command, ...args] = (openers[process.platform] ?? ((page) => ['xdg-open', page]))(url);
  spawn(command, args, { stdio: 'ignore', detached: true, windowsVerbatimArguments: true, windowsHide: true })
    .on('error', () => undefined)
    .unref();
}

const readPort = wholeNumber(0, 65_535);
const portOption: Part<number | undefined> = {
  written: '--port <port>',
  says: "the gateway's port; default any free one",
  read: (raw) => (raw === undefined ? undefined : readPort(raw)),
};
const pipeOption = text('--pipe <path>', 'where the simulated WxpayFaceService listens');
const scenarioOption = text('--scenario <name>', 'how customer and gateway behave at first');
const openOption = flag('--no-open', "don't open the page in the browser");
const writeConfigOption = text(
  '--write-config <file>',
  'write a configuration for the other commands; removed at the end',
);

export const simulate: Command = {
  name: 'simulate',
  says: 'play camera, customer and gateway, with a web page to play them from, until Ctrl-C',
  takes: [portOption, pipeOption, scenarioOption, openOption, writeConfigOption],
  run: async (given, output) => {
    const [port, pipe, scenario] = [given(portOption), given(pipeOption), given(scenarioOption)];
    const writeConfig = given(writeConfigOption);
    if (writeConfig !== undefined) ensureReplaceable(resolve(writeConfig));
    const interruption = onInterruption(output, { first: 'Stopping the simulator.', second: 'Ended at once.' });
    const simulator = await startSimulator({
      ...(port !== undefined && { port }),
      ...(pipe !== undefined && { pipe }),
      ...(scenario !== undefined && { scenario }),
    });
    let removeConfig = (): void => undefined;
    try {
      if (writeConfig !== undefined) removeConfig = writeSimulatorConfig(simulator, writeConfig);
      const gateway = simulator.client.endpoints?.pay;
      const pipeName = simulator.env.WXPAY_FACE_PIPE;
      const config = writeConfig === undefined ? undefined : resolve(writeConfig);
      output.say(`Console   ${simulator.consoleUrl}`);
      output.say(`Gateway   ${gateway}`);
      output.say(`Service   ${pipeName}`);
      output.say(`Library   ${simulator.library}`);
      if (config !== undefined) output.say(`Config    ${config} (try: wxpay-face doctor --config "${config}")`);
      output.say('Ctrl-C ends it.');
      const { consoleUrl, library, env } = simulator;
      output.emit('ready', { consoleUrl, gateway, library, env, ...(config !== undefined && { config }) });
      if (given(openOption)) openPage(consoleUrl);
      await new Promise<void>((end) => {
        if (interruption.signal.aborted) end();
        interruption.signal.addEventListener('abort', () => end(), { once: true });
      });
      output.emit('result', { exitCode: exitCodes.done.code });
      return exitCodes.done.code;
    } finally {
      removeConfig();
      await simulator.close();
      interruption.ignore();
    }
  },
};
