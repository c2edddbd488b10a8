/** Which mail a send connector is for, as a file says it. */
import { expect, test } from "vitest";
import { formatFault } from "./fault.ts";
import { parseConfig } from "./parse-config.ts";
import { plainSendConnector } from "./plain-settings.ts";

const parse = (...connectors: readonly string[]) =>
  parseConfig(
    `receiveConnectors:
  - {name: Apps, bindings: ["127.0.0.1:2525"], remoteIpRanges: ["127.0.0.0/8"]}
applications:
  - {name: ERP, addresses: [10.0.0.1]}
sendConnectors:
${connectors.map((one) => `  - {addressSpaces: ["*"], smartHosts: [mx.test], ${one}}\n`).join("")}`,
    { file: "/etc/weir/weir.yaml", hostname: "relay.test" },
  );

const told = (...connectors: readonly string[]): readonly string[] => {
  const result = parse(...connectors);
  return (result.ok ? result.warnings : result.faults).map((fault) =>
    formatFault(fault, "f").replace(/^f:\d+:\d+ sendConnectors/, ""),
  );
};

test("senders, receive connectors and applications are read, and shown as they were written", () => {
  const result = parse(
    "name: A",
    'name: B, senderSpaces: [Bücher.example, "*.Contoso.com", Bill@CONTOSO.com, "*", "<>"], receiveConnectors: [apps], applications: [erp]',
  );
  if (!result.ok) throw new Error("faults");
  const [open, restricted] = result.settings.sendConnectors;
  expect(open).not.toHaveProperty("restrictions");
  expect(restricted?.restrictions).toEqual({
    senderSpaces: [
      { kind: "domain", domain: "xn--bcher-kva.example", subdomains: false },
      { kind: "domain", domain: "contoso.com", subdomains: true },
      { kind: "address", address: "bill@contoso.com" },
      { kind: "domain", domain: "", subdomains: true },
      { kind: "nullSender" },
    ],
    receiveConnectors: ["apps"],
    applications: ["erp"],
  });
  expect(restricted && plainSendConnector(restricted)).toMatchObject({
    senderSpaces: ["xn--bcher-kva.example", "*.contoso.com", "bill@contoso.com", "*", "<>"],
    receiveConnectors: ["apps"],
    applications: ["erp"],
  });
});

test.each([
  [
    "senderSpaces: [contoso.com;5]",
    '[0].senderSpaces[0]: "contoso.com;5" has a cost, which belongs to addressSpaces; senders have none',
  ],
  [
    'senderSpaces: ["*@contoso.com"]',
    '[0].senderSpaces[0]: "*@contoso.com" is not a sender; for everybody there write contoso.com',
  ],
  [
    'senderSpaces: ["a b@contoso.com"]',
    '[0].senderSpaces[0]: "a b@contoso.com" is not a sender; write contoso.com, "*.contoso.com", "*", invoices@contoso.com or "<>"',
  ],
  [
    "receiveConnectors: [Apps, Printers]",
    '[0].receiveConnectors[1]: there is no receive connector "Printers", which send connector "A" is for',
  ],
  [
    "enabled: false, applications: [CRM]",
    '[0].applications[0]: there is no application "CRM", which send connector "A" is for',
  ],
])("%s", (settings, fault) => {
  expect(told(`name: A, ${settings}`)).toEqual([fault]);
});

test("mail that meets no restriction has no way, which is told", () => {
  const some =
    "is for some mail only (senderSpaces, receiveConnectors, applications); other mail, reports among it, waits";
  expect(told("name: A, receiveConnectors: [Apps]")).toContainEqual(expect.stringContaining(some));
  expect(told("name: A, receiveConnectors: [Apps]", "name: B")).not.toContainEqual(
    expect.stringContaining(some),
  );
});
