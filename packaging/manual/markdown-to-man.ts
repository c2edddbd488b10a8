/**
 * A page of documentation as a man page. It reads the Markdown that our references are written in: headings, paragraphs,
 * lists, tables, fenced text. A table becomes a list of its first column's entries, since a terminal is too narrow for it.
 */

export interface ManPage {
  readonly name: string;
  readonly section: number;
  /** The one line of `man -k`. */
  readonly summary: string;
  readonly version: string;
  /** Shown below: `2026-11-29`. */
  readonly date: string;
  /** Behind NAME: begins with a heading. */
  readonly markdown: string;
}

export function manPage({ name, section, summary, version, date, markdown }: ManPage): string {
  return [
    `.TH ${quoted(name.toUpperCase())} ${section} "${date}" ${quoted(`Weir ${version}`)}`,
    ".nh",
    ".ad l",
    ".SH NAME",
    `${escaped(name)} \\- ${escaped(summary)}`,
    ...body(markdown),
    "",
  ].join("\n");
}

function body(markdown: string): readonly string[] {
  const lines = markdown.replaceAll(/<!--[\s\S]*?-->\n?/g, "").split("\n");
  const out: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const [, marks, heading] = /^(#{1,6})\s+(.*)$/.exec(line) ?? [];
    if (heading !== undefined) {
      const isMain = (marks?.length ?? 0) <= 2;
      out.push(isMain ? `.SH ${quoted(plain(heading).toUpperCase())}` : `.SS ${quoted(plain(heading))}`);
    } else if (line.startsWith("```")) {
      const end = lines.findIndex((other, index) => index > at && other.startsWith("```"));
      const stop = end < 0 ? lines.length : end;
      out.push(".PP", ".in +4n", ".nf", ...lines.slice(at + 1, stop).map(verbatim), ".fi", ".in");
      at = stop;
    } else if (line.startsWith("|")) {
      const stop = endOf(lines, at, (other) => other.startsWith("|"));
      out.push(...table(lines.slice(at, stop).map(cells)));
      at = stop - 1;
    } else if (/^[-*] /.test(line)) {
      const stop = endOf(lines, at + 1, (other) => /^ {2,}\S/.test(other));
      out.push(".IP \\(bu 2", inline(lines.slice(at, stop).join(" ").slice(2)));
      at = stop - 1;
    } else if (line.trim() !== "") {
      const stop = endOf(lines, at, (other) => other.trim() !== "" && !/^(#|```|\||[-*] )/.test(other));
      out.push(".PP", inline(lines.slice(at, stop).join(" ")));
      at = stop - 1;
    }
  }
  // A heading begins a paragraph by itself.
  return out.filter((line, index) => line !== ".PP" || !/^\.S[HS] /.test(out[index - 1] ?? ""));
}

function endOf(lines: readonly string[], from: number, belongs: (line: string) => boolean): number {
  let end = from;
  while (end < lines.length && belongs(lines[end] ?? "")) end++;
  return end;
}

/** Of `| a | b \| c |`. */
function cells(row: string): readonly string[] {
  return row
    .replace(/^\s*\|/, "")
    .replace(/\|\s*$/, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.replaceAll("\\|", "|").trim());
}

/** The last column explains; those between are told with their headings. */
function table([head = [], , ...rows]: readonly (readonly string[])[]): readonly string[] {
  return rows.flatMap((row) => {
    const at = row.findIndex((cell) => cell !== "");
    const first = row[at] ?? "";
    const more = row.slice(at + 1);
    const explained = more.at(-1) ?? "";
    const between = more
      .slice(0, -1)
      .map((cell, index) => (cell === "" ? "" : `${head[at + index + 1] ?? ""}: ${cell}`))
      .filter((part) => part !== "")
      .join("; ");
    const [text, facts] = explained === "" ? [between, ""] : [explained, between];
    return [".TP", inline(first), inline(text || "\u00a0"), ...(facts === "" ? [] : [".br", inline(facts)])];
  });
}

/** `code` and **strong** in bold, links by their text. */
function inline(text: string): string {
  const parts = text
    .replaceAll(/\[([^\]]*)\]\(([^)]*)\)/g, "$1")
    .replaceAll("&lt;", "<")
    .split(/(`[^`]+`|\*\*[^*]+\*\*)/);
  const written = parts.map((part) => {
    if (part.startsWith("`")) return `\\fB${escaped(part.slice(1, -1))}\\fR`;
    if (part.startsWith("**")) return `\\fB${escaped(part.slice(2, -2))}\\fR`;
    return escaped(part.replaceAll(/\\([*_<>|`])/g, "$1"));
  });
  return guarded(written.join(""));
}

function plain(text: string): string {
  return text.replaceAll(/[`*]/g, "").replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");
}

function verbatim(line: string): string {
  return guarded(escaped(line));
}

/** Hyphens stay hyphens, so that what is copied from the page can be typed. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("\u00a0", "\\ ")
    .replaceAll("'", "\\(aq")
    .replaceAll("`", "\\(ga")
    .replaceAll("^", "\\(ha")
    .replaceAll("~", "\\(ti");
}

/** A dot at a line's beginning would be a request. */
function guarded(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', "\\(dq")}"`;
}
