import { byId, element, showTitle } from '../../../../lib/simulator/console/page/elements.js';
import type { Shown, ShownPerson } from '../shown.js';
import { closeCase, openCase, openQuestion } from './case.js';
import { type Openers, showLists } from './lists.js';
import { decideOn, signIn, signOut, whoIsIn } from './server.js';
import { changeLanguage, currentLanguage, label, words } from './words.js';

let person: ShownPerson | undefined;
let shown: Shown | undefined;
let events: EventSource | undefined;
let isLive: boolean | undefined;

const entrance = byId('entrance', HTMLElement);
const work = byId('work', HTMLElement);
const problem = byId('sign-in-problem', HTMLElement);
const token = byId('token', HTMLInputElement);
const connection = byId('connection', HTMLElement);
const found = byId('look-up-problem', HTMLElement);
const merchants = byId('look-up-merchant', HTMLSelectElement);

const openers: Openers = {
  open(which, act) {
    found.textContent = '';
    void openCase(which, person?.role ?? 'look', act).then((isThere) => {
      if (!isThere) found.textContent = words().page.notFound;
    });
  },
  decide(deed, what, about) {
    const { page, acts } = words();
    const [question, explanation, yes, done] =
      deed === 'replay'
        ? [page.replayQuestion, page.deadLetterText, page.replay, page.replayed]
        : [acts.acknowledge.question, acts.acknowledge.explanation, acts.acknowledge.confirm, page.acknowledged];
    openQuestion({ question, explanation, about: `${what.merchant} · ${about}`, yes }, async () => {
      const { status } = await decideOn(deed, what);
      if (status === 200 || status === 202) return [done, 'good'];
      return [status === 409 ? page.gone : page.failed, 'bad'];
    });
  },
};

function show(): void {
  const { page, roles } = words();
  entrance.hidden = person !== undefined;
  work.hidden = person === undefined;
  byId('sign-out', HTMLElement).hidden = person === undefined;
  byId('person', HTMLElement).textContent =
    person === undefined ? '' : [person.name, roles[person.role], person.merchants.join(' · ')].join(' · ');
  connection.hidden = person === undefined || isLive === undefined;
  connection.className = isLive ? 'live' : 'lost';
  connection.textContent = isLive ? page.live : page.lost;
  if (shown === undefined || person === undefined) return;
  const names = shown.merchants;
  if (merchants.options.length !== names.length || names.some((name, n) => merchants.options[n]?.value !== name))
    merchants.replaceChildren(...names.map((name) => element('option', { value: name }, name)));
  showTitle(merchants);
  showLists(shown, openers);
}

/** Changes as they happen. The browser itself tries again, but not after an answer that is not a stream. */
function listen(): void {
  events?.close();
  const source = new EventSource(`events?language=${currentLanguage()}`);
  events = source;
  source.addEventListener('message', ({ data }) => {
    shown = JSON.parse(data);
    person = shown?.person ?? person;
    isLive = true;
    show();
  });
  source.addEventListener('error', () => {
    isLive = false;
    show();
    void whoIsIn().then(({ status }) => {
      if (events !== source) return;
      if (status === 401) leave(words().page.over);
      else if (source.readyState === EventSource.CLOSED) setTimeout(() => events === source && listen(), 2_000);
    });
  });
}

function enter(who: ShownPerson): void {
  person = who;
  token.value = '';
  problem.textContent = '';
  show();
  listen();
}

function leave(why: string): void {
  events?.close();
  events = undefined;
  person = undefined;
  shown = undefined;
  isLive = undefined;
  closeCase();
  problem.textContent = why;
  show();
  token.focus();
}

byId('sign-in', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  void signIn(token.value.trim()).then(({ status, body }) => {
    const { page } = words();
    if (status === 200 && body !== undefined) return enter(body);
    problem.textContent =
      status === 401 || status === 400 ? page.wrongToken : status === 429 ? page.tooMany : page.failed;
    token.select();
  });
});

byId('sign-out', HTMLButtonElement).addEventListener('click', () => {
  void signOut().then(() => leave(''));
});

byId('look-up', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const [merchant, id] = [merchants.value, byId('look-up-number', HTMLInputElement).value.trim()];
  found.textContent = '';
  const role = person?.role ?? 'look';
  void openCase({ merchant, kind: 'payment', id }, role)
    .then((isThere) => isThere || openCase({ merchant, kind: 'refund', id }, role))
    .then((isThere) => {
      if (!isThere) found.textContent = words().page.notFound;
    });
});

merchants.addEventListener('change', () => showTitle(merchants));

byId('language', HTMLButtonElement).addEventListener('click', () => {
  changeLanguage();
  closeCase();
  show();
  if (person !== undefined) listen();
});

// What scrolls must be within a keyboard's reach, even if nothing in it is.
for (const table of document.querySelectorAll<HTMLElement>('section.table')) table.tabIndex = 0;
label();
void whoIsIn().then(({ status, body }) => {
  if (status === 200 && body !== undefined) enter(body);
  else leave(status === 401 ? '' : words().page.failed);
});
