// The cashier's page. Knows only `window.till` from preload.js.
const find = (selector) => document.querySelector(selector);

const log = (text) => {
  const line = document.createElement('li');
  line.textContent = text;
  find('#log').append(line);
};

/** An outcome, or `{ code }` of an error, in the cashier's words. */
async function tell(what) {
  const { title, text, advice } = await window.till.words(what);
  log(`${title}：${text} ${advice}`);
}

/** The error's code stands in front of its message: preload.js. */
const fail = (error) => tell({ code: error.message.split(':')[0] });

/** The last sale that may be given back. */
let paid;

async function conclude(outcome) {
  await tell(outcome);
  if (outcome.status === 'paid') paid = outcome;
  // How a reversal ends is told by onOutcome.
  if (outcome.status !== 'reversing') await window.till.acknowledge(outcome);
}

window.till.onProgress(({ step, detail = '' }) => log(`${step} ${detail}`));
window.till.onWrongCode((code) => tell({ code }).catch(fail));
window.till.onOutcome((outcome) => conclude(outcome).catch(fail));
window.till.onHealth(({ camera, merchant }) => {
  find('#health').textContent =
    `${camera === 'ready' ? '🟢' : '🔴'} 摄像头 ${merchant === 'reachable' ? '🟢' : '🔴'} 网络`;
});
window.till.untold().catch(fail);

find('#sale').addEventListener('submit', async (event) => {
  event.preventDefault();
  const out_trade_no = `E1-${Date.now()}`;
  try {
    const total_fee = Number(find('#fee').value);
    await conclude(await window.till.pay({ out_trade_no, total_fee, body: '拿铁咖啡' }));
  } catch (error) {
    const known = await window.till.known(out_trade_no);
    await (known ? conclude(known) : fail(error));
  }
});

// The scanner types the code, and Enter.
find('#scan').addEventListener('submit', (event) => {
  event.preventDefault();
  window.till.scanned(find('#code').value).catch(fail);
  find('#code').value = '';
});

find('#cancel').addEventListener('click', () => window.till.cancel().catch(fail));

find('#refund').addEventListener('click', async () => {
  if (!paid) return;
  const { out_trade_no, total_fee } = paid;
  try {
    // A refund of the whole sale may have its number: asked for again, it gives back once.
    await conclude(await window.till.refund(out_trade_no, { out_refund_no: out_trade_no, refund_fee: total_fee }));
  } catch (error) {
    await fail(error);
  }
});
