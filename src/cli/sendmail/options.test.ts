import { expect, test } from "vitest";
import { readRequest } from "./options.ts";

const plain = {
  kind: "submit",
  fromHeader: false,
  ignoreDots: false,
  sender: undefined,
  fullName: undefined,
  notify: undefined,
  ret: undefined,
  envid: undefined,
  requireTls: false,
  verbose: false,
  recipients: [] as string[],
};

test.each([
  ["PHP", "-t -i", { fromHeader: true, ignoreDots: true }],
  [
    "PHP with a fifth argument",
    "-t -i -fapp@shop.test",
    { fromHeader: true, ignoreDots: true, sender: "app@shop.test" },
  ],
  [
    "cron",
    "-FCronDaemon -i -B8BITMIME -oem root",
    { fullName: "CronDaemon", ignoreDots: true, recipients: ["root"] },
  ],
  [
    "mutt",
    "-oem -oi -f me@a.test -- b@c.test d@e.test",
    { ignoreDots: true, sender: "me@a.test", recipients: ["b@c.test", "d@e.test"] },
  ],
  ["MIME::Lite", "-t -oi -oem", { fromHeader: true, ignoreDots: true }],
  ["letters together", "-ti", { fromHeader: true, ignoreDots: true }],
  ["a value behind letters", "-itfa@b.test", { fromHeader: true, ignoreDots: true, sender: "a@b.test" }],
  ["the null reverse-path", "-f <> a@b.test", { sender: "", recipients: ["a@b.test"] }],
  ["-r for -f", "-r a@b.test c@d.test", { sender: "a@b.test", recipients: ["c@d.test"] }],
  [
    "DSN",
    "-N success,delay -R hdrs -V id1 a@b.test",
    {
      notify: { never: false, success: true, failure: false, delay: true },
      ret: "HDRS",
      envid: "id1",
      recipients: ["a@b.test"],
    },
  ],
  [
    "-O",
    "-O IgnoreDots=true -O DeliveryMode=b -ORequireTLS a@b.test",
    { ignoreDots: true, requireTls: true, recipients: ["a@b.test"] },
  ],
  ["-O, and off again", "-i -OIgnoreDots=no a@b.test", { recipients: ["a@b.test"] }],
  [
    "what concerns a daemon",
    "-G -n -m -U -h 3 -L tag -X log -q -qRx -d0.1 -em -C file -bm a@b.test",
    { recipients: ["a@b.test"] },
  ],
  ["with -q, a message is a message", "-q -t", { fromHeader: true }],
  ["options end at the first word", "a@b.test -t", { recipients: ["a@b.test", "-t"] }],
  ["verbose", "-v a@b.test", { verbose: true, recipients: ["a@b.test"] }],
])("%s: %s", (_, words, expected) => {
  expect(readRequest("sendmail", words.split(" "))).toEqual({ ...plain, ...expected });
});

test("an empty value is a value", () => {
  expect(readRequest("sendmail", ["-f", "", "a@b.test"])).toMatchObject({
    sender: "",
    recipients: ["a@b.test"],
  });
});

test.each([
  ["sendmail", "-bs", { kind: "smtp" }],
  ["sendmail", "-bp", { kind: "queue" }],
  ["sendmail", "-bi", { kind: "aliases" }],
  ["sendmail", "-I", { kind: "aliases" }],
  ["mailq", "", { kind: "queue" }],
  ["newaliases", "", { kind: "aliases" }],
  ["sendmail", "", { kind: "usage", message: "no recipients: name them, or use -t for those of the header" }],
  ["sendmail", "-bd", { kind: "usage", message: "weir sendmail is no daemon: weir start runs the relay" }],
  ["sendmail", "-q30m", { kind: "usage", message: "weir sendmail is no daemon: weir start runs the relay" }],
  ["sendmail", "-bv a@b.test", { kind: "usage", message: "addresses are not verified without a message" }],
  ["sendmail", "-f", { kind: "usage", message: "-f wants a value" }],
  ["sendmail", "-Y", { kind: "usage", message: "-Y is no option of sendmail" }],
  [
    "sendmail",
    "-N sometimes a@b.test",
    { kind: "usage", message: "-N takes never, or success, failure and delay: not sometimes" },
  ],
])("%s %s", (name, words, expected) => {
  expect(readRequest(name, words === "" ? [] : words.split(" "))).toEqual(expected);
});
