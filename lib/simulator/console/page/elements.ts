type Attributes = Readonly<Record<string, string | boolean | EventListener>>;

/** An element. `true` is an attribute without a value, `false` none; a function listens to the event of that name. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Array<Node | string>
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name, value);
    else if (value !== false) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

const svg = 'http://www.w3.org/2000/svg';

/** One of the page's symbols. */
export function icon(name: string): SVGElement {
  const made = document.createElementNS(svg, 'svg');
  made.setAttribute('class', `icon ${name}`);
  made.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(svg, 'use');
  use.setAttribute('href', `#icon-${name}`);
  made.append(use);
  return made;
}

/** The element with this id, which must be of this kind. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${kind.name} #${id}`);
  return found;
}

/** Puts the words into every element of the page that names them. */
export function labelElements(words: Readonly<Record<string, string>>): void {
  const textOf = (name: string | undefined): string =>
    Object.entries(words).find(([known]) => known === name)?.[1] ?? '';
  for (const marked of document.querySelectorAll<HTMLElement>('[data-text]'))
    marked.textContent = textOf(marked.dataset.text);
  for (const marked of document.querySelectorAll<HTMLElement>('[data-label]'))
    marked.setAttribute('aria-label', textOf(marked.dataset.label));
}

const contents = new WeakMap<Element, { key: string; content: string }>();

/**
 * Shows items as an element's children. One whose content didn't change stays the element it was, and keeps focus and state.
 */
export function showList<Item>(
  parent: HTMLElement,
  items: readonly Item[],
  keyOf: (item: Item) => string,
  contentOf: (item: Item) => string,
  make: (item: Item) => HTMLElement,
): void {
  const before = new Map<string, Element>();
  for (const child of parent.children) {
    const { key, content } = contents.get(child) ?? { key: '', content: '' };
    before.set(JSON.stringify([key, content]), child);
  }
  const now = items.map((item) => {
    const [key, content] = [keyOf(item), contentOf(item)];
    const kept = before.get(JSON.stringify([key, content]));
    if (kept) return kept;
    const made = make(item);
    contents.set(made, { key, content });
    return made;
  });
  const same = now.length === parent.children.length && now.every((child, n) => child === parent.children[n]);
  if (same) return;
  // Moving an element takes its focus away: only what is new or gone is touched.
  const wanted = new Set<Element>(now);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  now.forEach((child, n) => {
    if (parent.children[n] !== child) parent.insertBefore(child, parent.children[n] ?? null);
  });
}

/** What is chosen, in full: the list's own place may cut it. */
export function showTitle(select: HTMLSelectElement): void {
  select.title = select.selectedOptions[0]?.textContent ?? '';
}

/** What was typed, in full: whether a field is too narrow for it changes with each layout. */
export function showTitles(): void {
  for (const field of document.querySelectorAll<HTMLInputElement>('input:not([type="checkbox"])'))
    field.title = field.value;
}
