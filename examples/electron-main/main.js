// The main process of a till in Electron 22 or newer (22 is the last for Windows 7, and knows CommonJS only).
// The payment lives here: a page may be reloaded or crash in the middle of it.
const { readFileSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { app, BrowserWindow, ipcMain } = require('electron');
const { FacePay, FaceService, FileJournal, localMerchant, PayClient, PaymentProcessor } = require('wxpay-face');

/** wxpay-face.json in the user's data folder, as `wxpay-face simulate --write-config` writes it. */
function readConfig(folder) {
  const config = JSON.parse(readFileSync(join(folder, 'wxpay-face.json'), 'utf8'));
  const path = (name) => resolve(folder, name);
  const { appid, mch_id, key, endpoints, certificate, ca, library, journal, pipe, terminal } = config;
  if (pipe) process.env.WXPAY_FACE_PIPE = pipe;
  return {
    client: {
      appid,
      mch_id,
      key,
      ...(endpoints && { endpoints }),
      ...(ca && { ca: readFileSync(path(ca)) }),
      certificate: { cert: readFileSync(path(certificate.cert)), key: readFileSync(path(certificate.key)) },
    },
    library: path(library),
    journal: path(journal),
    terminal,
  };
}

async function openTill(config, onOutcome) {
  const face = await FaceService.open({ library: config.library });
  const client = new PayClient(config.client);
  const journal = await FileJournal.open(config.journal);
  const processor = new PaymentProcessor({ client, journal, onOutcome });
  const facePay = new FacePay({ face, merchant: localMerchant(client, processor), terminal: config.terminal });
  return {
    processor,
    facePay,
    async close() {
      await facePay.close();
      await face.close();
      await processor.close();
      await journal.close();
      client.close();
    },
  };
}

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
  const till = await openTill(
    readConfig(app.getPath('userData')),
    (outcome) =>
      new Promise((told) => {
        untold.set(outcome.out_trade_no, { outcome, told });
        tellPage('till:outcome', outcome);
      }),
  );
  const { processor, facePay } = till;

  /** Only our own page may take money. */
  const handle = (channel, task) =>
    ipcMain.handle(channel, (event, ...parameters) => {
      if (event.senderFrame !== window.webContents.mainFrame) throw new Error('not allowed');
      return told(() => task(...parameters));
    });

  const sales = new Set();
  handle('till:pay', async (order) => {
    const sale = new AbortController();
    sales.add(sale);
    const onProgress = (progress) => tellPage('till:progress', progress);
    try {
      // One at a time: a second one is refused with ERR_BUSY.
      return await facePay.pay(order, { signal: sale.signal, onProgress });
    } finally {
      sales.delete(sale);
    }
  });
  const cancel = () => {
    for (const sale of sales) sale.abort();
  };
  handle('till:cancel', cancel);
  handle('till:known', (out_trade_no) => processor.outcome(out_trade_no));
  // The page has told the cashier; from now on a restart need not tell it again.
  handle('till:acknowledge', async (outcome) => {
    const { out_trade_no, revision } = outcome;
    const kept = untold.get(out_trade_no);
    // Another one may have come since.
    if (kept?.outcome.revision === revision) {
      untold.delete(out_trade_no);
      kept.told();
    }
    await processor.acknowledge(outcome);
  });
  // A page that has just been loaded.
  handle('till:untold', () => {
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
