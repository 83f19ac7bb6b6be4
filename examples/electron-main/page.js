// The cashier's page. Knows only `window.till` from preload.js.
const log = (text) => {
  const line = document.createElement('li');
  line.textContent = text;
  document.querySelector('#log').append(line);
};

async function conclude(outcome) {
  log(`${outcome.out_trade_no} ${outcome.status} ${outcome.reason ?? outcome.err_code_des ?? ''}`);
  // How a reversal ends is told by onOutcome.
  if (outcome.status !== 'reversing') await window.till.acknowledge(outcome);
}

window.till.onProgress(({ phase, detail = '' }) => log(`${phase} ${detail}`));
window.till.onOutcome((outcome) => conclude(outcome).catch((error) => log(error.message)));
window.till.untold().catch((error) => log(error.message));

document.querySelector('#cancel').addEventListener('click', () => window.till.cancel());
document.querySelector('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const out_trade_no = `E1-${Date.now()}`;
  try {
    const total_fee = Number(document.querySelector('#fee').value);
    await conclude(await window.till.pay({ out_trade_no, total_fee, body: '拿铁咖啡' }));
  } catch (error) {
    log(error.message);
    const known = await window.till.known(out_trade_no);
    if (known) await conclude(known);
  }
});
