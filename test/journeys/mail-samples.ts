/** Messages that tell whether octets survive. All with CRLF line ends unless their name says otherwise. */

export interface Sample {
  readonly name: string;
  readonly content: Buffer;
  /** It has no header: an empty line is put in front of it. */
  readonly headerless?: true;
}

/** As it is kept and sent on. */
export function keptAs({ content, headerless }: Sample): Buffer {
  return headerless ? Buffer.concat([Buffer.from("\r\n"), content]) : content;
}

const header = (subject: string, ...more: string[]): string =>
  [
    "From: Application <app@app.example>",
    "To: someone@dest.example",
    `Subject: ${subject}`,
    "Date: Thu, 15 Jan 2026 09:00:00 +0000",
    `Message-ID: <${subject.replaceAll(/[^a-z0-9]/gi, "")}@app.example>`,
    ...more,
    "",
    "",
  ].join("\r\n");

/** `lines` numbered lines of `octets` octets each, CRLF included. */
function lines(count: number, octets: number): string {
  return (
    Array.from({ length: count }, (_, i) => String(i).padEnd(octets - 2, "abcdefghij")).join("\r\n") + "\r\n"
  );
}

/** A message with a Base64 attachment of about `sizeBytes` octets on the wire. */
export function withAttachment(subject: string, sizeBytes: number): Buffer {
  const raw = Buffer.alloc(Math.floor((sizeBytes / 78) * 57));
  for (let i = 0; i < raw.length; i++) raw[i] = (i * 131 + (i >> 8)) & 255;
  const encoded = raw.toString("base64").replaceAll(/.{76}/g, "$&\r\n");
  return Buffer.from(
    header(subject, "MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b"') +
      "--b\r\nContent-Type: text/plain\r\n\r\nSee the attachment.\r\n" +
      "--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
      `${encoded}\r\n--b--\r\n`,
  );
}

export const plain: Sample = {
  name: "plain",
  content: Buffer.from(`${header("plain")}Hello.\r\nSecond line.\r\n`),
};

export const utf8: Sample = {
  name: "UTF-8",
  content: Buffer.from(
    header(
      "utf8",
      "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: 8bit",
    ) + "Grüße aus Köln, 你好, مرحبا, 👋🏽\r\nNa\u0308chste Zeile\r\n",
  ),
};

export const dotted: Sample = {
  name: "dotted and long lines",
  content: Buffer.from(
    `${header("dotted")}.\r\n..\r\n...\r\n.a\r\n. \r\n\r\n.\r\n.\r\n.QUIT\r\n` +
      `${"x".repeat(998)}\r\n.${"y".repeat(5_000)}\r\n${"z".repeat(100_000)}\r\n.\r\nend\r\n`,
  ),
};

export const attachment: Sample = {
  name: "5 MB attachment",
  content: withAttachment("attachment", 5_000_000),
};

export const samples: readonly Sample[] = [
  plain,
  utf8,
  dotted,
  attachment,
  { name: "empty", content: Buffer.alloc(0) },
  { name: "one CRLF", content: Buffer.from("\r\n") },
  { name: "a dot alone", content: Buffer.from(".\r\n"), headerless: true },
  { name: "a body alone", content: Buffer.from("\r\nno header at all\r\n") },
  { name: "a header alone", content: Buffer.from("Subject: only a header\r\n") },
  {
    name: "no header, no empty line",
    content: Buffer.from("this is no header field\r\nnor this\r\n"),
    headerless: true,
  },
  { name: "trailing empty lines", content: Buffer.from(`${header("trailing")}text\r\n\r\n\r\n\r\n`) },
  { name: "white space kept", content: Buffer.from(`${header("white")} \t lead\r\ntrail \t \r\n\t\r\n`) },
  {
    name: "odd header fields",
    content: Buffer.from(
      "subject:no space\r\nX-Folded: a\r\n\tb\r\n  c\r\nReceived: from x by y; z\r\nBcc: kept@dest.example\r\nX-Empty:\r\n\r\nbody\r\n",
    ),
  },
  {
    name: "invalid UTF-8",
    content: Buffer.concat([
      Buffer.from(header("latin1")),
      Buffer.from([0xe4, 0xf6, 0xff, 0xfe, 0xc0, 0x80, 13, 10]),
    ]),
  },
  {
    name: "control characters",
    content: Buffer.from(`${header("controls")}\x01\x07\x08\x0b\x0c\x1a\x1b[31m\x7f\r\n`),
  },
  { name: "63 KB", content: Buffer.from(header("63k") + lines(900, 72)) },
  { name: "300 KB in short lines", content: Buffer.from(header("300k") + lines(100_000, 3)) },
  { name: "a megabyte of dots", content: Buffer.from(header("dots") + ".\r\n".repeat(350_000)) },
];

/** Beyond the limit of 36 MB by nothing: the largest message a default connector takes. */
export const largest = (): Buffer => {
  const start = Buffer.from(header("largest"));
  const content = Buffer.alloc(
    36 * 1024 * 1024,
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\r\n",
  );
  start.copy(content);
  content.write("\r\n", content.length - 2);
  return content;
};
