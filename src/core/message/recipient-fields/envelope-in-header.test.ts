import { domainToASCII } from "node:url";
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { namedInHeader } from "../../../testing/graph-server.ts";
import { parseMailbox } from "../../smtp/address.ts";
import { addressedTo, authorOf } from "./envelope-in-header.ts";

function mailboxOf(address: string) {
  const mailbox = parseMailbox(address);
  if (mailbox === undefined) throw new Error(`${address} is no address`);
  return mailbox;
}
function headerFor(lines: readonly string[], recipients: readonly string[]) {
  const content = Buffer.from(`${lines.join("\r\n")}\r\n\r\nBody of To: x@y.test\r\n`);
  const { content: pieces, surplus } = addressedTo(content, recipients.map(mailboxOf), domainToASCII);
  const [header = "", ...body] = Buffer.concat(pieces).toString().split("\r\n\r\n");
  expect(body.join("\r\n\r\n")).toBe("Body of To: x@y.test\r\n");
  return { lines: header.split(/\r\n(?![ \t])/), surplus };
}

test.each<[string, string[], string[], string[]]>([
  [
    "all are named: nothing changes",
    ["To: A <a@x.test>", "Cc: b@x.test"],
    ["a@x.test", "b@x.test"],
    ["To: A <a@x.test>", "Cc: b@x.test"],
  ],
  [
    "who is named nowhere gets a Bcc",
    ["To: a@x.test"],
    ["a@x.test", "b@x.test"],
    ["To: a@x.test", "Bcc: b@x.test"],
  ],
  ["who is no recipient goes", ["To: a@x.test, Other <o@x.test>"], ["a@x.test"], ["To: a@x.test"]],
  [
    "nobody is left: no field",
    ["To: o@x.test", "Cc: p@x.test", "Subject: s"],
    ["a@x.test"],
    ["Subject: s", "Bcc: a@x.test"],
  ],
  ["no To at all", ["Subject: s"], ["a@x.test"], ["Subject: s", "Bcc: a@x.test"]],
  ["a Bcc of the client's", ["To: a@x.test", "Bcc: secret@x.test"], ["a@x.test"], ["To: a@x.test"]],
  [
    "a Bcc that is true is ours all the same",
    ["Bcc: B <b@x.test>", "To: a@x.test"],
    ["a@x.test", "b@x.test"],
    ["To: a@x.test", "Bcc: b@x.test"],
  ],
  [
    "fields of somebody who resent it",
    ["Resent-To: o@x.test", "Resent-Cc: o@x.test", "RESENT-BCC: o@x.test", "To: a@x.test"],
    ["a@x.test"],
    ["To: a@x.test"],
  ],
  [
    "whom another server took it for",
    ["Apparently-To: o@x.test", "To: a@x.test"],
    ["a@x.test"],
    ["To: a@x.test"],
  ],
  ["signatures", ["DKIM-Signature: v=1;\r\n b=x", "To: a@x.test"], ["a@x.test"], ["To: a@x.test"]],
  ["case of both parts", ["To: Dev@X.Test"], ["dev@x.test"], ["To: Dev@X.Test"]],
  ["quotes that need not be", ['To: "a.b"@x.test'], ["a.b@x.test"], ['To: "a.b"@x.test']],
  ["a domain in U-labels", ["To: a@bücher.test"], ["a@xn--bcher-kva.test"], ["To: a@bücher.test"]],
  ["a domain in U-labels in the envelope", [], ["a@bücher.test"], ["Bcc: a@xn--bcher-kva.test"]],
  ["twice in one field", ["To: a@x.test, A <A@x.test>"], ["a@x.test"], ["To: a@x.test"]],
  [
    "in To and Cc",
    ["To: a@x.test", "Cc: a@x.test, b@x.test"],
    ["a@x.test", "b@x.test"],
    ["To: a@x.test", "Cc: b@x.test"],
  ],
  ["twice in the envelope", [], ["a@x.test", "A@X.TEST"], ["Bcc: a@x.test"]],
  [
    "two To fields",
    ["To: a@x.test", "Subject: s", "To: b@x.test"],
    ["a@x.test", "b@x.test"],
    ["To: a@x.test,\r\n b@x.test", "Subject: s"],
  ],
  [
    "an empty group",
    ["To: undisclosed-recipients:;"],
    ["a@x.test"],
    ["To: undisclosed-recipients:;", "Bcc: a@x.test"],
  ],
  [
    "a group of others is empty",
    ["To: Team: o@x.test, p@x.test;"],
    ["a@x.test"],
    ["To: Team:;", "Bcc: a@x.test"],
  ],
  [
    "members of a group stand for themselves",
    ["To: Team: A <a@x.test>, o@x.test;, b@x.test"],
    ["a@x.test", "b@x.test"],
    ["To: A <a@x.test>,\r\n b@x.test"],
  ],
  [
    "comments, quoted commas and encoded words stay",
    ['To: "Doe, J. \\"x\\" <o@x.test>" <a@x.test> (o@x.test, a), =?utf-8?Q?D=2C=3Co=40x=3E?= <b@x.test>'],
    ["a@x.test", "b@x.test"],
    ['To: "Doe, J. \\"x\\" <o@x.test>" <a@x.test> (o@x.test, a), =?utf-8?Q?D=2C=3Co=40x=3E?= <b@x.test>'],
  ],
  [
    "comments within comments",
    ["To: A <a@x.test> (of (us, not) them, all), b@x.test"],
    ["b@x.test"],
    ["To: b@x.test"],
  ],
  [
    "and do so when others are taken out",
    ["To: =?utf-8?Q?B=C3=BC?=\r\n\t<a@x.test>,\r\n o@x.test"],
    ["a@x.test"],
    ["To: =?utf-8?Q?B=C3=BC?=\t<a@x.test>"],
  ],
  [
    "folded in front of the first",
    ["To:\r\n a@x.test,\r\n\tb@x.test"],
    ["a@x.test", "b@x.test"],
    ["To:\r\n a@x.test,\r\n\tb@x.test"],
  ],
  ["obsolete white space in front of the colon", ["To : a@x.test"], ["a@x.test"], ["To: a@x.test"]],
  [
    "semicolons in place of commas",
    ["To: a@x.test; b@x.test"],
    ["a@x.test", "b@x.test"],
    ["To: a@x.test,\r\n b@x.test"],
  ],
  ["no commas at all", ["To: a@x.test b@x.test"], ["a@x.test"], ["Bcc: a@x.test"]],
  ["an address in place of a name", ["To: o@x.test <a@x.test>"], ["a@x.test"], ["Bcc: a@x.test"]],
  ["a source route", ["To: <@o.test:a@x.test>"], ["a@x.test"], ["Bcc: a@x.test"]],
  ["a quote without its end", ['To: "A <a@x.test>, o@x.test'], ["a@x.test"], ["Bcc: a@x.test"]],
  ["a name alone", ["To: Undisclosed recipients"], ["a@x.test"], ["Bcc: a@x.test"]],
  ["a group without its end", ["To: Team: a@x.test"], ["a@x.test"], ["To: a@x.test"]],
  ["dots at odd places", [], ["a..b@docomo.test"], ['Bcc: "a..b"@docomo.test']],
  ["an address literal", ["To: a@[192.0.2.1]"], ["a@[192.0.2.1]"], ["To: a@[192.0.2.1]"]],
  [
    "a line end that is none does not begin a field",
    ["Subject: s\nBcc: o@x.test", "To: a@x.test\rCc: o@x.test"],
    ["a@x.test"],
    ["Subject: s Bcc: o@x.test", "Bcc: a@x.test"],
  ],
])("%s", (_name, lines, recipients, expected) => {
  expect(headerFor(["From: f@x.test", ...lines], recipients).lines).toEqual(["From: f@x.test", ...expected]);
});

it("counts what it takes out", () => {
  expect(headerFor(["To: a@x.test, o@x.test", "Cc: A@x.test"], ["a@x.test"]).surplus).toBe(2);
  expect(headerFor(["To: a@x.test"], ["a@x.test", "b@x.test"]).surplus).toBe(0);
});

test.each([
  ["no header", "\r\nbody\r\n", "Bcc: a@x.test\r\n\r\nbody\r\n"],
  ["no body", "Subject: s\r\n", "Subject: s\r\nBcc: a@x.test\r\n\r\n"],
  ["nothing", "", "Bcc: a@x.test\r\n\r\n"],
  [
    "a line that is no field ends the header",
    "A: b\r\nno field\r\nBcc: o@x.test\r\n\r\nbody",
    "A: b\r\nBcc: a@x.test\r\n\r\nno field\r\nBcc: o@x.test\r\n\r\nbody",
  ],
])("content with %s", (_name, content, expected) => {
  const { content: pieces } = addressedTo(Buffer.from(content), [mailboxOf("a@x.test")], domainToASCII);
  expect(Buffer.concat(pieces).toString()).toBe(expected);
});

describe("whatever the header says, the message goes to the recipients of the envelope, each once", () => {
  const address = fc
    .tuple(
      fc.constantFrom("a", "b", "c", "Dev", "d.e", '"q,q"'),
      fc.constantFrom("x.test", "X.test", "y.test"),
    )
    .map(([local, domain]) => `${local}@${domain}`);
  const named = fc
    .tuple(
      fc.constantFrom(
        "",
        "Name ",
        '"Doe, J" ',
        '"a@x.test" ',
        "=?utf-8?B?w7w=?= ",
        "(c@x.test) ",
        "Group: ",
        "o@x.test ",
      ),
      address,
      fc.constantFrom("", " (b@y.test, x)", ";", "\r\n "),
    )
    .map(([name, of, tail]) => (name === "" ? `${of}${tail}` : `${name}<${of}>${tail}`));
  const entry = fc.oneof(
    named,
    fc.constantFrom("undisclosed-recipients:;", "", '"', "(", "<", "x y", "\r\n"),
  );
  const field = fc
    .tuple(
      fc.constantFrom("To", "to", "Cc", "CC ", "Bcc", "BCC", "Resent-To", "Subject"),
      fc.array(entry, { maxLength: 5 }),
    )
    .map(([name, entries]) => `${name}: ${entries.join(",")}`);

  test("read by another parser", () => {
    fc.assert(
      fc.property(
        fc.array(field, { maxLength: 5 }),
        fc.array(address, { minLength: 1, maxLength: 6 }),
        (fields, recipients) => {
          const content = Buffer.from(`${fields.join("\r\n")}\r\n\r\nTo: o@x.test\r\n`);
          const { content: pieces } = addressedTo(content, recipients.map(mailboxOf), domainToASCII);
          const got = namedInHeader(Buffer.concat(pieces))
            .map((each) => each.replaceAll('"', ""))
            .sort();
          const wanted = new Set(recipients.map((each) => each.toLowerCase().replaceAll('"', "")));
          expect(got).toEqual([...wanted].sort((a, b) => (a < b ? -1 : 1)));
        },
      ),
      { numRuns: 250 },
    );
  });
});

test.each([
  ["From: A <a@x.test>", "a@x.test"],
  ["From: a@x.test, b@x.test", "a@x.test"],
  ['From: "b@x.test" (c@x.test)\r\n <a@x.test>', "a@x.test"],
  ["From: Team: a@x.test;", "a@x.test"],
  ["From: nobody", undefined],
  ["Subject: s", undefined],
])("the author of %j", (line, expected) => {
  const author = authorOf(Buffer.from(`${line}\r\n\r\n`));
  expect(author && `${author.localPart}@${author.domain}`).toBe(expected);
});
