import { expect, test } from "vitest";
import { manPage } from "./markdown-to-man.ts";

const page = (markdown: string): string =>
  manPage({ name: "weir", section: 1, summary: "a relay", version: "1.2.3", date: "2026-11-29", markdown })
    .split("\n")
    .slice(5)
    .join("\n");

test.each([
  ["# Title\n\n### Get-Queue", '.SH "TITLE"\n.SS "Get\\-Queue"\n'],
  ["Two\nlines.\n\nAnother.", ".PP\nTwo lines.\n.PP\nAnother.\n"],
  ["`-Json` and **all** of [it](x.md)", ".PP\n\\fB\\-Json\\fR and \\fBall\\fR of it\n"],
  ["```sh\n.dot 'x'\n```", ".PP\n.in +4n\n.nf\n\\&.dot \\(aqx\\(aq\n.fi\n.in\n"],
  ["| a | b |\n|---|---|\n| `-X Y\\|Z` | c\\|d |", ".TP\n\\fB\\-X Y|Z\\fR\nc|d\n"],
  [
    "| setting | type | default | meaning |\n| --- | --- | --- | --- |\n| `x` | text | none | What. |",
    ".TP\n\\fBx\\fR\nWhat.\n.br\ntype: text; default: none\n",
  ],
  ["- one\n  more\n- two", ".IP \\(bu 2\none   more\n.IP \\(bu 2\ntwo\n"],
  ["C:\\x \\*", ".PP\nC:\\ex *\n"],
  ["## A\n\ntext", '.SH "A"\ntext\n'],
  ["| a | b | c |\n|---|---|---|\n| | `x: y` | why |", ".TP\n\\fBx: y\\fR\nwhy\n"],
  ["<!-- not shown -->\ntext", ".PP\ntext\n"],
  ["...", ".PP\n\\&...\n"],
])("%j", (markdown, roff) => {
  expect(page(markdown)).toBe(roff);
});

test("names itself", () => {
  expect(
    manPage({
      name: "weir",
      section: 1,
      summary: "a relay",
      version: "1.2.3",
      date: "2026-11-29",
      markdown: "",
    }),
  ).toBe('.TH "WEIR" 1 "2026-11-29" "Weir 1.2.3"\n.nh\n.ad l\n.SH NAME\nweir \\- a relay\n');
});
