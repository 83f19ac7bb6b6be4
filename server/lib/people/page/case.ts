import { fenOf, yuan } from '../../../../lib/simulator/console/page/amounts.js';
import { byId, element } from '../../../../lib/simulator/console/page/elements.js';
import type { ActName, ShownAnswer, ShownCase, ShownDescription, ShownDetail } from '../shown.js';
import { stateBadge, type Which } from './lists.js';
import { type ActAnswer, askGateway, confirm, type HttpResponse, lookAt } from './server.js';
import { adviceOf, timeOf, words } from './words.js';

/* One record, and what a person does with it: seen first, then confirmed. */

const dialog = byId('case', HTMLDialogElement);
const title = byId('case-title', HTMLElement);
const news = byId('case-news', HTMLElement);
const body = byId('case-body', HTMLElement);

/** What the dialog is about; nothing while it's closed. */
let shown: ShownDetail | undefined;
let mayAct = false;

byId('close', HTMLButtonElement).addEventListener('click', () => dialog.close());
dialog.addEventListener('close', () => {
  shown = undefined;
  body.replaceChildren();
  news.textContent = '';
});

export const closeCase = (): void => dialog.close();

/** Opens a record as it stands now. @param act To be confirmed, if it's still possible. @returns False if there is none. */
export async function openCase(which: Which, role: 'look' | 'act', act?: ActName): Promise<boolean> {
  const { status, body: detail } = await lookAt(which.merchant, which.kind, which.id);
  if (status !== 200 || detail === undefined) return false;
  mayAct = role === 'act';
  news.textContent = '';
  news.className = '';
  if (act !== undefined && detail.can.includes(act)) showAct(detail, act);
  else showDetail(detail);
  if (!dialog.open) dialog.showModal();
  title.focus();
  return true;
}

const fact = (name: string, value: string | HTMLElement): HTMLElement =>
  element('div', {}, element('dt', {}, name), element('dd', {}, value));

function facts(detail: ShownDetail): HTMLElement {
  const { page } = words();
  const { merchant, kind, id, out_trade_no, amount, given_back, at, terminal, store } = detail;
  return element(
    'dl',
    { class: 'facts' },
    ...(kind === 'refund' ? [fact(page.refundNumber, id)] : []),
    fact(page.order, out_trade_no),
    fact(page.state, stateBadge(detail)),
    ...(amount === undefined ? [] : [fact(page.amount, yuan(amount))]),
    ...(given_back === undefined ? [] : [fact(page.givenBack, yuan(given_back))]),
    fact(page.merchant, merchant),
    ...(terminal === undefined ? [] : [fact(page.terminal, terminal)]),
    ...(store === undefined ? [] : [fact(page.store, store)]),
    fact(page.at, timeOf(at)),
  );
}

/** What was given back already, one by one. */
function refundList({ kind, refunds }: ShownDetail): HTMLElement[] {
  const { page } = words();
  if (refunds.length === 0) return kind === 'payment' ? [element('p', { class: 'none' }, page.nothingGivenBack)] : [];
  const item = (refund: ShownCase): HTMLElement =>
    element(
      'li',
      {},
      stateBadge(refund),
      ` ${yuan(refund.amount ?? 0)} `,
      element('small', {}, `${refund.id} · ${timeOf(refund.at)}`),
    );
  return [element('h3', {}, page.refunds), element('ul', { class: 'refunds' }, ...refunds.map(item))];
}

function showDetail(detail: ShownDetail): void {
  shown = detail;
  const { page, acts } = words();
  const { told, can, id, out_trade_no, merchant } = detail;
  const advice = adviceOf(detail);
  title.textContent = id;
  const gateway = element('p', { role: 'status', class: 'gateway' });
  const ask = element(
    'button',
    { type: 'button', click: () => void showAnswer(gateway, merchant, out_trade_no) },
    page.askGateway,
  );
  const buttons = mayAct
    ? can.map((act) => element('button', { type: 'button', class: 'act', click: () => begin(act) }, acts[act].name))
    : [element('small', {}, page.mayNotAct)];
  body.replaceChildren(
    facts(detail),
    element(
      'section',
      { class: 'told', 'aria-label': told.title },
      element('h3', {}, told.title),
      element('p', {}, told.text),
      ...(advice === undefined ? [] : [element('p', { class: 'advice' }, advice)]),
    ),
    ...refundList(detail),
    gateway,
    element('div', { class: 'buttons' }, ask, ...buttons),
  );
}

async function showAnswer(place: HTMLElement, merchant: string, out_trade_no: string): Promise<void> {
  const { status, body: answer } = await askGateway(merchant, out_trade_no);
  place.textContent = status === 200 && answer ? answerText(answer.gateway) : words().page.failed;
}

const answerText = ({ state, amount }: ShownAnswer): string =>
  [words().page.gateway, state, ...(amount === undefined ? [] : [yuan(amount)])].join(' · ');

/** What is confirmed is what stands now, not what stood when the list was drawn. */
async function begin(act: ActName): Promise<void> {
  if (shown === undefined) return;
  const { merchant, kind, id } = shown;
  const { status, body: detail } = await lookAt(merchant, kind, id);
  news.textContent = '';
  if (status !== 200 || detail === undefined) return tell(words().page.failed, 'bad');
  if (detail.can.includes(act)) showAct(detail, act);
  else {
    showDetail(detail);
    tell(words().page.impossible, 'bad');
  }
  title.focus();
}

function showAct(detail: ShownDetail, act: ActName): void {
  shown = detail;
  const { page, acts } = words();
  const { question, explanation, confirm: yes } = acts[act];
  const { amount = 0, given_back = 0 } = detail;
  const left = amount - given_back;
  title.textContent = question;
  const amountField = element('input', {
    id: 'refund-amount',
    inputmode: 'decimal',
    required: true,
    autocomplete: 'off',
    value: (left / 100).toFixed(2),
  });
  const reasonField = element('input', { id: 'refund-reason', maxlength: '80', autocomplete: 'off' });
  const fields =
    act === 'refund'
      ? [
          element('p', {}, `${page.left} `, element('strong', {}, yuan(left))),
          element('label', {}, element('span', {}, page.refundAmount), amountField),
          element('label', {}, element('span', {}, page.refundReason), reasonField),
        ]
      : [];
  const submit = element('button', { type: 'submit', class: 'main', id: 'confirm' }, yes);
  const back = element(
    'button',
    {
      type: 'button',
      click: () => {
        news.textContent = '';
        showDetail(detail);
        title.focus();
      },
    },
    page.back,
  );
  const form = element(
    'form',
    { id: 'act', novalidate: true },
    facts(detail),
    ...refundList(detail),
    element('p', { class: 'advice' }, explanation),
    ...fields,
    element('div', { class: 'buttons' }, submit, back),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const refund_fee = fenOf(amountField.value);
    if (act === 'refund' && (refund_fee === undefined || refund_fee === 0 || refund_fee > left)) {
      amountField.setAttribute('aria-invalid', 'true');
      tell(page.wrongAmount, 'bad');
      amountField.focus();
      return;
    }
    void carryOut(
      detail,
      act,
      submit,
      act === 'refund' ? { refund_fee: refund_fee ?? 0, refund_desc: reasonField.value.trim() } : {},
    );
  });
  body.replaceChildren(form);
}

async function carryOut(
  detail: ShownDetail,
  act: ActName,
  button: HTMLButtonElement,
  refund: { refund_fee?: number; refund_desc?: string },
): Promise<void> {
  const { merchant, kind, id, revision, form } = detail;
  button.disabled = true;
  news.textContent = '';
  const answer = await confirm({ act, merchant, kind, id, revision, form, ...refund });
  button.disabled = false;
  // The dialog may have been closed, or be about another record by now.
  if (shown !== detail) return;
  const { record } = answer.body ?? {};
  if (record !== undefined) showDetail(record);
  tell(...whatCameOfIt(act, answer));
  title.focus();
}

/** In lines of their own. */
const saidIn = ({ title: what, text, advice }: ShownDescription): string => [what, text, advice].join('\n');

function whatCameOfIt(act: ActName, { status, body: answer }: HttpResponse<ActAnswer>): [text: string, mood: string] {
  const { page } = words();
  const { code, by, told } = answer ?? {};
  if (status === 200) {
    if (told !== undefined) return [saidIn(told), 'good'];
    return [act === 'acknowledge' ? page.acknowledged : page.doneWithout, 'good'];
  }
  if (status === 409 && code === 'overtaken') return [by ? `${page.overtakenBy}${by}` : page.overtaken, 'bad'];
  if (status === 409 && code === 'impossible') return [page.impossible, 'bad'];
  if (status === 409 && told !== undefined) return [`${page.refusedByRule}${saidIn(told)}`, 'bad'];
  if (status === 503 && code === 'ERR_RESTORED') return [page.restored, 'bad'];
  if (status === 403) return [page.mayNotAct, 'bad'];
  if (status === 401) return [page.over, 'bad'];
  return [page.unknownEnd, 'bad'];
}

function tell(text: string, mood: string): void {
  news.className = mood;
  news.textContent = text;
}

/** Something beside a record that is confirmed. @param carryOut Resolves with what came of it, and how that is. */
export function openQuestion(
  { question, explanation, about, yes }: Readonly<Record<'question' | 'explanation' | 'about' | 'yes', string>>,
  carryOut: () => Promise<[text: string, mood: string]>,
): void {
  shown = undefined;
  title.textContent = question;
  news.textContent = '';
  const submit = element('button', { type: 'submit', class: 'main', id: 'confirm' }, yes);
  const form = element(
    'form',
    { id: 'act' },
    element('p', {}, about),
    element('p', { class: 'advice' }, explanation),
    element('div', { class: 'buttons' }, submit),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit.disabled = true;
    void carryOut().then((told) => {
      form.remove();
      tell(...told);
      title.focus();
    });
  });
  body.replaceChildren(form);
  if (!dialog.open) dialog.showModal();
  title.focus();
}
