/* Texts in columns of a terminal, in which a Chinese character is as wide as two others. */

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

const han = /\p{Script=Han}/u;

const widthOf = (character: string): number => (wide.test(character) ? 2 : 1);

/** In columns. */
export const displayWidth = (text: string): number =>
  [...text].reduce((width, character) => width + widthOf(character), 0);

const blanks = (text: string, columns: number): string => ' '.repeat(Math.max(0, columns - displayWidth(text)));

export const padEnd = (text: string, columns: number): string => text + blanks(text, columns);
export const padStart = (text: string, columns: number): string => blanks(text, columns) + text;

/** May not begin a line. */
const closing = /^[，。：；！？、）”》]/;
/** Must not be parted from what follows. */
const opening = /[（“《]$/;

/** Where a line may end: behind a blank, and beside a Chinese character. */
function pieces(text: string): string[] {
  const found: string[] = [];
  for (const part of text.match(/\s+|[^\s]/gu) ?? []) {
    const last = found[found.length - 1];
    const isBroken =
      last === undefined ||
      (!opening.test(last) &&
        !closing.test(part) &&
        (/\s$/.test(last) !== /^\s/.test(part) || wide.test(part) || wide.test([...last].pop() ?? '')));
    if (isBroken) found.push(part);
    else found[found.length - 1] = `${last}${part}`;
  }
  return found;
}

/** A Chinese text's last words in Latin letters, or its last number, don't stand alone in a line. */
function withCompany([...lines]: readonly string[]): string[] {
  for (let index = lines.length - 1; index > 0; index -= 1) {
    const [line = '', before = ''] = [lines[index], lines[index - 1]];
    const [, rest, company] = /^(.+?)(\p{Script=Han}\P{Script=Han}*)$/u.exec(before) ?? [];
    if (han.test(line) || rest === undefined) continue;
    lines.splice(index - 1, 2, rest, `${company}${line}`);
  }
  return lines;
}

/** A text in lines of so many columns; a word that is longer has a line of its own. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const piece of pieces(text)) {
    if (line.trim() !== '' && displayWidth(`${line}${piece}`.trimEnd()) > columns) {
      lines.push(line);
      line = piece.trimStart();
    } else line += piece;
  }
  return withCompany([...lines, line]).map((each) => each.trimEnd());
}
