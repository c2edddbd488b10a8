import { expect, test } from "vitest";
import { keyRecord, readKeyRecord, zoneFileLine } from "./key-record.ts";

test("a record for a zone file is cut into strings of 255 octets", () => {
  const record = keyRecord("rsa", "A".repeat(392));
  const line = zoneFileLine("w1", "contoso.com", record);
  expect(line.startsWith('w1._domainkey.contoso.com. IN TXT ( "v=DKIM1; k=rsa; p=AAA')).toBe(true);
  const strings = Array.from(line.matchAll(/"([^"]*)"/gu), ([, one]) => one!);
  expect(strings.map(({ length }) => length)).toEqual([255, record.length - 255]);
  expect(strings.join("")).toBe(record);
});

test.each([
  ["v=DKIM1; k=rsa; p=QUJD", { kind: "rsa", publicKey: "QUJD" }],
  ["v=DKIM1;k=ed25519;p=QU\t JD;", { kind: "ed25519", publicKey: "QUJD" }],
  ["p=QUJD", { kind: "rsa", publicKey: "QUJD" }],
  ["k=rsa; p=QUJD=; n=a note", { kind: "rsa", publicKey: "QUJD=" }],
  ["v=DKIM1; p=", { kind: "rsa", publicKey: "" }],
  ["k=rsa; v=DKIM1; p=QUJD", undefined],
  ["v=DKIM2; p=QUJD", undefined],
  ["v=DKIM1; k=rsa", undefined],
  ["v=DKIM1; p=QUJD; p=QUJE", undefined],
  ["v=spf1 -all", undefined],
  ["", undefined],
])("%j is read as %j", (text, record) => {
  expect(readKeyRecord(text)).toEqual(record);
});
