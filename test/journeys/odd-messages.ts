/** Messages that a seed repeats, odd in all the ways that canonical forms of DKIM stumble over (outbound brief §6.3). */
export interface OddMessage {
  /** Each field with the CRLF of its last line; without the empty one behind them. */
  readonly header: Buffer;
  readonly body: Buffer;
}

const names = [
  "To",
  "Subject",
  "Date",
  "Message-ID",
  "X-Odd",
  "Cc",
  "Reply-To",
  "References",
  "MIME-Version",
];
const words = [
  "a",
  "Invoice",
  "7",
  "=?utf-8?q?=C3=A4?=",
  "<m@x.test>",
  "x".repeat(70),
  "\u00e4\u00f6",
  ":",
  ";",
  '"q"',
];
const gaps = [" ", "  ", "\t", " \t ", "\r\n ", "\r\n\t", " \r\n  "];
const bodyParts = [
  "a",
  "Hello",
  " ",
  "  ",
  "\t",
  "\r\n",
  "\r\n",
  "\r\n\r\n",
  "\r\n \r\n",
  "\t\r\n",
  ".",
  "\r\n.\r\n",
  "\u00a0",
  "\u000b\f",
  "\u00e4\u00ff",
  "x".repeat(1100),
  "From: y@x.test\r\n",
  "--b--\r\n",
];

/** Of which a message may have one (RFC 5322 §3.6). */
const singular = new Set(names.filter((name) => name !== "X-Odd"));

/** `random`: in [0, 1). `isLegal`: with a date, and no field more often than RFC 5322 has it, which some verifiers insist on. */
export function oddMessage(random: () => number, domain: string, isLegal = false): OddMessage {
  const one = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const times = (most: number): number => Math.floor(random() * (most + 1));
  const value = (): string => {
    let text = "";
    for (let left = times(6); left > 0; left--) text += one(gaps) + one(words);
    // A line of nothing but blanks ends a header for some.
    return text === "" ? one(["", " ", " x"]) : text + one(["", " ", "\t"]);
  };
  const had = new Set<string>();
  const fields = [`From:${one([" ", "", "\t", " App "])}<app@${domain}>\r\n`];
  for (let left = times(8); left > 0; left--) {
    const name = one(names);
    if (isLegal && singular.has(name) && had.has(name)) continue;
    had.add(name);
    const spelled = one([name, name.toLowerCase(), name.toUpperCase()]);
    fields.splice(times(fields.length), 0, `${spelled}:${value()}\r\n`);
  }
  if (isLegal && !had.has("Date")) fields.push("Date: Sat, 28 Nov 2026 12:00:00 +0000\r\n");
  let body = "";
  for (let left = times(30); left > 0; left--) body += one(bodyParts);
  return { header: Buffer.from(fields.join(""), "latin1"), body: Buffer.from(body, "latin1") };
}
