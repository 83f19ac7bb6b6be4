// The main process of a till in Electron 22 or newer (22 is the last for Windows 7, and knows CommonJS only).
// The payment lives here: a page may be reloaded or crash in the middle of it.
const { readFileSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { app, BrowserWindow, ipcMain } = require('electron');
const { describe, openTill } = require('wxpay-face');

/** Options of openTill, of wxpay-face.json in the user's data folder, as `wxpay-face simulate --write-config` writes it. */
function readConfig(folder) {
  const config = JSON.parse(readFileSync(join(folder, 'wxpay-face.json'), 'utf8'));
  const path = (name) => resolve(folder, name);
  const { appid, mch_id, key, endpoints, certificate, ca, library, journal, pipe, terminal } = config;
  if (pipe) process.env.WXPAY_FACE_PIPE = pipe;
  return {
    face: { library: path(library) },
    merchant: {
      appid,
      mch_id,
      key,
      ...(endpoints && { endpoints }),
      ...(ca && { ca: readFileSync(path(ca)) }),
      certificate: { cert: readFileSync(path(certificate.cert)), key: readFileSync(path(certificate.key)) },
    },
    journal: path(journal),
    terminal,
  };
}

/** A refund may have its sale's number. */
const numberOf = ({ out_trade_no, out_refund_no }) => (out_refund_no ? `refund ${out_refund_no}` : out_trade_no);

/** An Error loses its code on the way to a page, so that it goes as a value. */
async function told(task) {
  try {
    return { ok: await task() };
  } catch (error) {
    return { error: { code: error.code, message: error.message } };
  }
}

async function start() {
  await app.whenReady();
  const window = new BrowserWindow({
    webPreferences: { preload: join(__dirname, 'preload.js'), contextIsolation: true, sandbox: true },
  });
  const tellPage = (channel, message) => {
    if (!window.isDestroyed()) window.webContents.send(channel, message);
  };

  // How payments ended that nobody waits for: what a crash left unfinished, a reversal in the background. Each is kept until
  // the page has told the cashier; what is lost with this program is told again after its next start.
  const untold = new Map();
  const till = await openTill({
    ...readConfig(app.getPath('userData')),
    onOutcome: (outcome) =>
      new Promise((told) => {
        untold.set(numberOf(outcome), { outcome, told });
        tellPage('till:outcome', outcome);
      }),
    onHealth: (health) => tellPage('till:health', health),
  });

  /** Only our own page may take money. */
  const handle = (channel, task) =>
    ipcMain.handle(channel, (event, ...parameters) => {
      if (event.senderFrame !== window.webContents.mainFrame) throw new Error('not allowed');
      return told(() => task(...parameters));
    });

  /** The scanner types into the page, which sends the code on. */
  let takeCode;
  const scan = (signal, wrong) =>
    new Promise((resolve) => {
      if (wrong) tellPage('till:wrong-code', wrong);
      takeCode = resolve;
      signal.addEventListener('abort', () => {
        takeCode = undefined;
      });
    });
  handle('till:scanned', (code) => takeCode?.(code));

  const sales = new Set();
  handle('till:pay', async (order) => {
    const sale = new AbortController();
    sales.add(sale);
    const onProgress = (progress) => tellPage('till:progress', progress);
    try {
      // One at a time: a second one is refused with ERR_BUSY.
      return await till.pay(order, { signal: sale.signal, scan, onProgress });
    } finally {
      sales.delete(sale);
    }
  });
  const cancel = () => {
    for (const sale of sales) sale.abort();
  };
  handle('till:cancel', cancel);
  handle('till:known', (out_trade_no) => till.outcome(out_trade_no));
  handle('till:refund', (out_trade_no, refund) => till.refund(out_trade_no, refund));
  // What the cashier reads, of an outcome or of an error's code.
  handle('till:words', (what) => describe(what, 'zh'));
  // The page has told the cashier; from now on a restart need not tell it again.
  handle('till:acknowledge', async (outcome) => {
    const number = numberOf(outcome);
    const kept = untold.get(number);
    // Another one may have come since.
    if (kept?.outcome.revision === outcome.revision) {
      untold.delete(number);
      kept.told();
    }
    await till.acknowledge(outcome);
  });
  // A page that has just been loaded.
  handle('till:untold', () => {
    tellPage('till:health', till.health);
    for (const { outcome } of untold.values()) tellPage('till:outcome', outcome);
  });

  await window.loadFile(join(__dirname, 'index.html'));

  let closed = false;
  app.on('before-quit', (event) => {
    if (closed) return;
    // Quits again when the journal is closed. What is unfinished goes on after the next start.
    event.preventDefault();
    cancel();
    void till.close().finally(() => {
      closed = true;
      app.quit();
    });
  });
  app.on('window-all-closed', () => app.quit());
}

// One till, one journal: a second instance would find it locked.
if (app.requestSingleInstanceLock())
  start().catch((error) => {
    console.error(error);
    app.exit(1);
  });
else app.quit();
