import { expect, test } from "vitest";
import { clientsThatRelay, networksOf } from "./networks.ts";
import { nextHopOf } from "./next-hop.ts";
import { saslAccount } from "./sasl-account.ts";
import { isTable, listOf, pathOf, tableEntries, wordsOf } from "./tables.ts";

const files = new Map([
  ["/etc/postfix/list", "a, b\n# no\nc\n"],
  ["/etc/postfix/clients", "192.0.2.1 OK\n10.1 permit now\nhost.test OK\n192.0.2.9 REJECT\n192.0.2.3 RELAY"],
  ["/etc/postfix/sasl", "[smtp.a.test]:587 one:secret:more\nsmtp.b.test two\n[SMTP.C.test] three:x"],
]);

test.each([
  ["hash:/etc/postfix/x", true, "/etc/postfix/x"],
  ["proxy:hash:/etc/postfix/x", true, "/etc/postfix/x"],
  ["texthash:/x", true, "/x"],
  ["lmdb:/x", true, "/x"],
  ["btree:/x", true, "/x"],
  ["dbm:/x", true, "/x"],
  ["cdb:/x", true, "/x"],
  ["cidr:/x", true, "/x"],
  ["regexp:/x", true, undefined],
  ["mysql:/x", true, undefined],
  ["inline:{a=b}", true, undefined],
  ["ldap:accounts", true, undefined],
  ["/etc/postfix/list", false, "/etc/postfix/list"],
  ["192.0.2.1", false, undefined],
  ["smtp:[host]", false, undefined],
])("%j is a table: %s, whose text is in %j", (word, table, path) => {
  expect([isTable(word), pathOf(word)]).toEqual([table, path]);
});

test("its entries", () => {
  expect(tableEntries("hash:/etc/postfix/sasl", files)?.[1]).toEqual({ key: "smtp.b.test", value: "two" });
  expect(tableEntries("hash:/etc/postfix/list", files)?.[1]).toEqual({ key: "c", value: "" });
  expect(tableEntries("hash:/none", files)).toBeUndefined();
  expect(tableEntries("static:x", files)).toBeUndefined();
});

test.each<[string | undefined, string[], string[]]>([
  [undefined, [], []],
  [" a,b  c ,", ["a", "b", "c"], []],
  ["x /etc/postfix/list y", ["x", "a,", "b", "c", "y"], []],
  ["hash:/etc/postfix/list", ["a,", "c"], []],
  ["a hash:/none /none2", ["a"], ["hash:/none", "/none2"]],
])("the list %j", (value, words, unread) => {
  expect(listOf(value, files)).toEqual({ words, unread });
  if (value !== undefined && !value.includes("/")) expect(wordsOf(value)).toEqual(words);
});

test("networks, each once, and what is none", () => {
  const { ranges, lost } = networksOf(
    "10.0.0.0/8 [::1]/128 10.0.0.0/8 !10.1.0.0/16 host.test hash:/none",
    files,
  );
  expect(ranges).toEqual(["10.0.0.0/8", "::1/128"]);
  expect(lost).toEqual([
    "hash:/none cannot be read beside main.cf",
    expect.stringMatching(/^!10\.1\.0\.0\/16: there are no exceptions/) as string,
    expect.stringMatching(/^host\.test is no address/) as string,
  ]);
});

const table = ["check_client_access", "hash:/etc/postfix/clients"];
test.each<[string, string[], string[], number]>([
  ["before the refusal", [...table, "reject"], ["192.0.2.1", "10.1.0.0/16", "192.0.2.3"], 2],
  ["behind it", ["reject_unauth_destination", ...table], [], 0],
  ["behind a deferral", ["defer_unauth_destination", ...table], [], 0],
  ["behind reject", ["reject", ...table], [], 0],
  ["behind another refusal", ["reject_rbl_client", ...table], ["192.0.2.1", "10.1.0.0/16", "192.0.2.3"], 2],
  ["of senders", ["check_sender_access", "hash:/etc/postfix/clients"], [], 0],
  ["that cannot be read", ["check_client_access", "hash:/none"], [], 1],
  ["that is not named", ["check_client_access"], [], 0],
  ["that is none", ["check_client_access", "permit"], [], 0],
])("a table of clients %s", (_, words, ranges, lost) => {
  const found = clientsThatRelay(words, files);
  expect([found.ranges, found.lost.length]).toEqual([ranges, lost]);
});

test.each<[string, string | undefined, boolean?]>([
  ["[smtp.a.test]:587", "smtp.a.test:587", false],
  ["[smtp.a.test]", "smtp.a.test:25", false],
  ["a.test", "a.test:25", true],
  ["a.test:submission", "a.test:587", true],
  [" a.test:26 ", "a.test:26", true],
  ["[192.0.2.1]", "[192.0.2.1]:25", false],
  ["192.0.2.1", "[192.0.2.1]:25", false],
  ["[IPv6:2001:db8::1]:26", "[2001:db8::1]:26", false],
  ["[2001:db8::1]", "[2001:db8::1]:25", false],
  ["a.test:http", undefined],
  ["a.test:465", undefined],
  ["a.test:smtps", undefined],
  ["a b", undefined],
  ["[300.0.0.1]", undefined],
  ["", undefined],
  ["a:b:c", undefined],
])("the next hop %j is %j, by MX %s", (text, smartHost, byMx) => {
  const hop = nextHopOf(text);
  if (smartHost === undefined)
    expect(hop).toMatchObject({ ok: false, reason: expect.stringContaining(text.trim()) as string });
  else expect(hop).toMatchObject({ ok: true, smartHost, byMx });
});

test.each<[string, string, object]>([
  ["as it is written", "[smtp.a.test]:587", { kind: "found", userName: "one", password: "secret:more" }],
  ["without its port", "smtp.b.test:25", { kind: "found", userName: "two", password: "" }],
  ["in another case", "[smtp.c.test]:587", { kind: "found", userName: "three", password: "x" }],
  ["without brackets", "[smtp.b.test]:587", { kind: "found", userName: "two", password: "" }],
  ["not at all", "[smtp.d.test]", { kind: "none" }],
])("an account is found %s", (_, nextHop, account) => {
  expect(saslAccount("hash:/etc/postfix/sasl", nextHop, files)).toEqual(account);
});

test.each<[string | undefined, object]>([
  [undefined, { kind: "none" }],
  ["static:user:word", { kind: "found", userName: "user", password: "word" }],
  ["hash:/none", { kind: "unread", userName: undefined }],
  ["hash:/none hash:/etc/postfix/sasl", { kind: "unread", userName: undefined }],
  ["hash:/etc/postfix/sasl hash:/none", { kind: "unread", userName: undefined }],
  ["hash:/none static:user", { kind: "found", userName: "user", password: "" }],
])("of %j the account is %j", (maps, account) => {
  expect(saslAccount(maps, "[smtp.d.test]", files)).toEqual(account);
});
