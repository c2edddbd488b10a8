/** How many columns of a terminal a text takes. */

/** Made when they are asked: these two take longer to read than most tables to print. */
const isWide = (character: string): boolean =>
  /^(?:\p{Emoji_Presentation}|\p{Regional_Indicator}{2}|.*\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}])/su.test(
    character,
  );
const isEmpty = (character: string): boolean => /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u.test(character);
const ascii = /^[\x20-\x7e]*$/;

let segmenter: Intl.Segmenter | undefined;

function characters(text: string): readonly string[] {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** East Asian wide characters and emoji take two columns, combining marks none. */
export function displayWidth(text: string): number {
  if (ascii.test(text)) return text.length;
  return characters(text).reduce((sum, character) => sum + widthOf(character), 0);
}

function widthOf(character: string): number {
  if (isEmpty(character)) return 0;
  return isWide(character) ? 2 : 1;
}

export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - displayWidth(text))) + text;
}

/** At most `width` columns of unstyled text, at least one; cut text ends with `…`. */
export function fitted(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let out = "";
  let taken = 1;
  for (const character of characters(text)) {
    taken += widthOf(character);
    if (taken > width) break;
    out += character;
  }
  return `${out}…`;
}

/** Words in lines of at most `width` columns; a longer word has a line of its own. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && displayWidth(line) + 1 + displayWidth(word) > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
