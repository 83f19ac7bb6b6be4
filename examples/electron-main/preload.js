// What the page sees: plain data in, plain data out, and no secret in either. The keys never leave the main process.
const { contextBridge, ipcRenderer } = require('electron');

async function call(channel, ...parameters) {
  const { ok, error } = await ipcRenderer.invoke(channel, ...parameters);
  // contextBridge keeps only an Error's message, so the code goes in front of it.
  if (error) throw new Error(`${error.code}: ${error.message}`);
  return ok;
}

const listen = (channel) => (listener) => {
  const forward = (_event, message) => listener(message);
  ipcRenderer.on(channel, forward);
  return () => ipcRenderer.removeListener(channel, forward);
};

contextBridge.exposeInMainWorld('till', {
  pay: (order) => call('till:pay', order),
  scanned: (code) => call('till:scanned', code),
  cancel: () => call('till:cancel'),
  refund: (out_trade_no, refund) => call('till:refund', out_trade_no, refund),
  known: (out_trade_no) => call('till:known', out_trade_no),
  words: (what) => call('till:words', what),
  acknowledge: (outcome) => call('till:acknowledge', outcome),
  untold: () => call('till:untold'),
  onProgress: listen('till:progress'),
  onWrongCode: listen('till:wrong-code'),
  onOutcome: listen('till:outcome'),
  onHealth: listen('till:health'),
});
