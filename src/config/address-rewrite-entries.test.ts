import { domainToASCII } from "node:url";
import { expect, test } from "vitest";
import { senderRewriting } from "../core/policy/address-rewriting.ts";
import { mailboxOf } from "../core/smtp/address.ts";
import { parseConfig } from "./parse-config.ts";

const connectors = `
receiveConnectors: []
sendConnectors:
  - { name: Out, addressSpaces: ["*"], smartHosts: ["[192.0.2.1]"] }
  - { name: Other, addressSpaces: ["*;2"], smartHosts: ["[192.0.2.2]"] }
addressRewriteEntries:
`;
const read = (entries: readonly string[]) =>
  parseConfig(connectors + entries.map((entry) => `  - { ${entry} }\n`).join(""), { file: "/weir.yaml" });

function rewriting(entries: readonly string[], connector = "Out") {
  const config = read(entries);
  if (!config.ok) throw new Error(config.faults.map(({ path, message }) => `${path}: ${message}`).join("\n"));
  const rewrite = senderRewriting(config.settings.addressRewriteEntries, connector, domainToASCII);
  return (address: string | undefined) =>
    rewrite?.(address === undefined ? undefined : mailboxOf(address))?.address;
}
const all = [
  'name: exact, internalAddress: App@old.local, externalAddress: "erp@contoso.com"',
  "name: own, internalAddress: helpdesk@old.local, externalAddress: helpdesk@old.local",
  'name: domain, internalAddress: "*@old.local", externalAddress: "*@contoso.com"',
  'name: below, internalAddress: "*.old.local", externalAddress: contoso.com, exceptionList: [lab.old.local]',
  'name: nearer, internalAddress: "*.sql.old.local", externalAddress: "dba@contoso.com"',
  'name: everybody, internalAddress: "*", externalAddress: relay@contoso.com, exceptionList: ["*.contoso.com"], sendConnectors: [out]',
];

test.each<[string | undefined, string | undefined]>([
  ["app@OLD.local", "erp@contoso.com"],
  ['"app"@old.local', "erp@contoso.com"],
  // The most specific entry decides, also that nothing is done.
  ["helpdesk@old.local", undefined],
  ["b@old.local", "b@contoso.com"],
  ['"b c"@old.local', '"b c"@contoso.com'],
  ["b@mail.old.local", "b@contoso.com"],
  ["b@x.sql.old.local", "dba@contoso.com"],
  // An exception, for which the next entry decides.
  ["b@lab.old.local", "relay@contoso.com"],
  ["x@fabrikam.com", "relay@contoso.com"],
  ["x@mail.contoso.com", undefined],
  ["relay@contoso.com", undefined],
  ["x@[192.0.2.9]", "relay@contoso.com"],
  ["root", "relay@contoso.com"],
  [undefined, "relay@contoso.com"],
])("%s becomes %s", (sender, expected) => expect(rewriting(all)(sender)).toBe(expected));

test("an entry that names connectors holds for those", () => {
  expect(rewriting(all, "Other")("x@fabrikam.com")).toBeUndefined();
  expect(rewriting(all, "Other")("b@old.local")).toBe("b@contoso.com");
  expect(rewriting([], "Out")("b@old.local")).toBeUndefined();
});

test("one that names the connector goes before one for all", () => {
  const both = [
    "name: all, internalAddress: old.local, externalAddress: a.test",
    "name: own, internalAddress: old.local, externalAddress: b.test, sendConnectors: [Out]",
  ];
  expect(rewriting(both, "Out")("x@old.local")).toBe("x@b.test");
  expect(rewriting(both, "Other")("x@old.local")).toBe("x@a.test");
});

test("domains in U-labels are those in A-labels", () => {
  const one = ["name: u, internalAddress: bücher.test, externalAddress: büro.test"];
  expect(rewriting(one)("x@xn--bcher-kva.test")).toBe("x@xn--bro-hoa.test");
  expect(rewriting(one)("x@BÜCHER.test")).toBe("x@xn--bro-hoa.test");
});

test.each([
  ["internalAddress: a b, externalAddress: x@y.test", "internalAddress", "is no address and no domain"],
  ['internalAddress: "*@*", externalAddress: x@y.test', "internalAddress", "is no address and no domain"],
  ["internalAddress: old.local, externalAddress: jörg@y.test", "externalAddress", "is no address in ASCII"],
  ['internalAddress: old.local, externalAddress: "*"', "externalAddress", "is no address in ASCII"],
  [
    "internalAddress: a@old.local, externalAddress: x@y.test, exceptionList: [z.test]",
    "exceptionList",
    "means nothing beside an address",
  ],
  [
    "internalAddress: old.local, externalAddress: y.test, sendConnectors: [Nowhere]",
    "sendConnectors[0]",
    'there is no send connector "Nowhere"',
  ],
])("%s is refused", (entry, setting, message) => {
  const config = read([`name: e, ${entry}`]);
  expect(config).toMatchObject({ ok: false });
  if (config.ok) return;
  expect(config.faults).toHaveLength(1);
  expect(config.faults[0]?.path).toBe(`addressRewriteEntries[0].${setting}`);
  expect(config.faults[0]?.message).toContain(message);
});

test("two entries for the same addresses at the same connector are refused, and two of a name", () => {
  const config = read([
    "name: a, internalAddress: old.local, externalAddress: a.test, sendConnectors: [Out]",
    'name: A, internalAddress: "*@OLD.local", externalAddress: b.test, sendConnectors: [Other, out]',
  ]);
  expect(config.ok ? [] : config.faults.map(({ path, message }) => `${path} ${message}`)).toEqual([
    'addressRewriteEntries[1].name "A" is taken by entry 1 of the list',
    'addressRewriteEntries[1].internalAddress "*@OLD.local" is rewritten by entry "a" already',
  ]);
});
