/** What differs between two texts, as `diff -u` shows it, without names and times. */
import { maskedLines } from "./masked-secrets.ts";

const contextLines = 2;
/** Above this many comparisons the differing middle is shown as removed and added as a whole. */
const mostComparisons = 4_000_000;

type Kind = " " | "-" | "+";
interface Line {
  readonly kind: Kind;
  readonly text: string;
}

/** Empty when nothing differs. Lines end in `\n`; values of passwords are masked. */
export function unifiedDiff(before: string, after: string): string {
  if (before === after) return "";
  const [olds, news] = [linesOf(before), linesOf(after)];
  const lines = shown(compare(olds, news), maskedLines(olds), maskedLines(news));
  let out = "";
  let oldLine = 1;
  let newLine = 1;
  for (let at = 0; at < lines.length;) {
    const start = lines.findIndex(({ kind }, index) => index >= at && kind !== " ");
    if (start === -1) break;
    let end = start;
    for (let gap = 0, index = start; index < lines.length && gap <= 2 * contextLines; index++) {
      gap = lines[index]?.kind === " " ? gap + 1 : 0;
      if (gap === 0) end = index + 1;
    }
    const from = Math.max(at, start - contextLines);
    const to = Math.min(lines.length, end + contextLines);
    const skipped = from - at;
    oldLine += skipped;
    newLine += skipped;
    const hunk = lines.slice(from, to);
    const ofOld = hunk.filter(({ kind }) => kind !== "+").length;
    const ofNew = hunk.filter(({ kind }) => kind !== "-").length;
    out += `@@ -${oldLine},${ofOld} +${newLine},${ofNew} @@\n`;
    for (const { kind, text } of hunk) out += `${kind}${text}\n`;
    oldLine += ofOld;
    newLine += ofNew;
    at = to;
  }
  return out;
}

/** What was compared as it is, without what nobody should read. */
function shown(lines: readonly Line[], olds: readonly string[], news: readonly string[]): readonly Line[] {
  let [old, fresh] = [0, 0];
  return lines.map(({ kind }) => {
    const text = (kind === "+" ? news[fresh] : olds[old]) ?? "";
    if (kind !== "+") old++;
    if (kind !== "-") fresh++;
    return { kind, text };
  });
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function compare(before: readonly string[], after: readonly string[]): Line[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  ) {
    tail++;
  }
  const same = (text: string): Line => ({ kind: " ", text });
  return [
    ...before.slice(0, head).map(same),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ];
}

/** By the longest common subsequence. */
function middle(before: readonly string[], after: readonly string[]): Line[] {
  const removed = (text: string): Line => ({ kind: "-", text });
  const added = (text: string): Line => ({ kind: "+", text });
  if (before.length * after.length > mostComparisons) return [...before.map(removed), ...after.map(added)];
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        before[i] === after[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old, fresh] = [before[i], after[j]];
    if (old !== undefined && old === fresh) {
      lines.push({ kind: " ", text: old });
      i++;
      j++;
    } else if (
      old !== undefined &&
      (fresh === undefined || lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)
    ) {
      lines.push(removed(old));
      i++;
    } else if (fresh !== undefined) {
      lines.push(added(fresh));
      j++;
    }
  }
  return lines;
}
