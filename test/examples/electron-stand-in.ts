// Stands in for Electron in the tests of examples/electron-main, which run as plain Node.js: one window, whose page is the
// test itself. Each line on stdin calls a method of `window.till`; each answer and each event is a line on stdout.
import { EventEmitter } from 'node:events';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const bus = new EventEmitter();
const handlers = new Map<string, (event: unknown, ...parameters: unknown[]) => unknown>();
const mainFrame = { url: 'file:///index.html' };
/** As on its way between the processes: what can't be cloned throws. */
const crossing = <Message>(message: Message): Message => structuredClone(message);
const say = (message: unknown): void => console.log(`page ${JSON.stringify(message)}`);

class App extends EventEmitter {
  requestSingleInstanceLock = () => true;
  whenReady = async () => undefined;
  getPath = () => process.cwd();
  exit = (code: number) => process.exit(code);
  quit(): void {
    let prevented = false;
    this.emit('before-quit', { preventDefault: () => (prevented = true) });
    if (!prevented) process.exit(0);
  }
}
export const app = new App();

export const ipcMain = {
  handle: (channel: string, handler: (event: unknown, ...parameters: unknown[]) => unknown) =>
    void handlers.set(channel, handler),
};

export const ipcRenderer = {
  on: (channel: string, listener: (event: unknown, message: unknown) => void) => bus.on(channel, listener),
  removeListener: (channel: string, listener: (event: unknown, message: unknown) => void) => bus.off(channel, listener),
  invoke: async (channel: string, ...parameters: unknown[]) =>
    crossing(await handlers.get(channel)?.({ senderFrame: mainFrame }, ...crossing(parameters))),
};

type Bridge = Record<string, (...parameters: unknown[]) => unknown>;
let till: Bridge = {};
export const contextBridge = {
  exposeInMainWorld: (_name: 'till', api: Bridge) => {
    till = api;
  },
};

async function perform(method: string, parameters: readonly unknown[]): Promise<void> {
  try {
    say({ method, value: (await till[method]?.(...parameters)) ?? null });
  } catch (error) {
    say({ method, error: error instanceof Error ? error.message : String(error) });
  }
}

export class BrowserWindow {
  readonly webContents = {
    mainFrame,
    send: (channel: string, message: unknown) => void bus.emit(channel, {}, crossing(message)),
  };
  readonly #preload: string;
  isDestroyed = () => false;

  constructor({ webPreferences }: { webPreferences: { preload: string } }) {
    this.#preload = webPreferences.preload;
  }

  async loadFile(): Promise<void> {
    await import(pathToFileURL(this.#preload).href);
    for (const event of ['onProgress', 'onOutcome'])
      till[event]?.((message: unknown) => say({ event, value: message }));
    const lines = createInterface({ input: process.stdin });
    lines.on('line', (line) => {
      const { method, parameters } = JSON.parse(line);
      void perform(method, parameters);
    });
    lines.on('close', () => app.quit());
    say({ event: 'loaded' });
  }
}
