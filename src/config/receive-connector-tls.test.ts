import { expect, test } from "vitest";
import { formatFault } from "./fault.ts";
import { parseConfig } from "./parse-config.ts";

const parse = (settings: string) =>
  parseConfig(
    `receiveConnectors:\n  - { name: A, bindings: ["0.0.0.0:587", "0.0.0.0:465"], remoteIpRanges: ["10.0.0.0/8"], permissionGroups: [AnonymousUsers], ${settings} }\n`,
    { file: "/etc/weir/weir.yaml", hostname: "relay.test" },
  );

const connectorOf = (settings: string) => {
  const result = parse(settings);
  if (!result.ok) throw new Error(result.faults.map((fault) => formatFault(fault, "f")).join("\n"));
  return result.settings.receiveConnectors[0];
};

test.each([
  ["port 465 begins with TLS", "", { implicitTlsBindings: [{ address: "0.0.0.0", port: 465 }] }],
  ["not without Tls", "authMechanism: [None]", { implicitTlsBindings: [] }],
  ["none, where none are given", "implicitTlsBindings: []", { implicitTlsBindings: [] }],
  [
    "others",
    'implicitTlsBindings: ["0.0.0.0:587"]',
    { implicitTlsBindings: [{ address: "0.0.0.0", port: 587 }] },
  ],
  [
    "one address of all",
    'implicitTlsBindings: ["10.0.0.1:465"]',
    { implicitTlsBindings: [{ address: "10.0.0.1", port: 465 }] },
  ],
  [
    "one certificate stands alone",
    "tlsCertificateFile: a.pem, tlsKeyFile: a.key",
    { tlsCertificateFile: ["/etc/weir/a.pem"], tlsKeyFile: ["/etc/weir/a.key"] },
  ],
  [
    "several in a list",
    "tlsCertificateFile: [a.pem, /b.pem], tlsKeyFile: [a.key, /b.key]",
    { tlsCertificateFile: ["/etc/weir/a.pem", "/b.pem"], tlsKeyFile: ["/etc/weir/a.key", "/b.key"] },
  ],
  ["no old TLS by itself", "", { tlsMinVersion: "TLSv1.2", tlsCipherString: undefined }],
  ["old TLS when it is asked for", "tlsMinVersion: TLSv1", { tlsMinVersion: "TLSv1" }],
])("%s", (_what, settings, expected) => {
  expect(connectorOf(settings)).toMatchObject(expected);
});

test.each([
  ["tlsCertificateFile: a.pem", /tlsCertificateFile: .*go together/],
  ["tlsKeyFile: [a.key]", /tlsKeyFile: .*go together/],
  [
    "tlsCertificateFile: [a.pem, b.pem], tlsKeyFile: a.key",
    /tlsKeyFile: has 1 files, and tlsCertificateFile 2/,
  ],
  ["tlsCertificateFile: 5, tlsKeyFile: a.key", /5 is not a list/],
  ['implicitTlsBindings: ["0.0.0.0:466"]', /implicitTlsBindings: 0\.0\.0\.0:466 is none of bindings/],
  ['implicitTlsBindings: ["0.0.0.0:465"], authMechanism: [None]', /implicitTlsBindings: needs Tls/],
  ["tlsMinVersion: SSLv3", /tlsMinVersion: "SSLv3" is not one of TLSv1, /],
  ["tlsCipherString: nonsense", /tlsCipherString: "nonsense" names no cipher/],
])("%s is a fault", (settings, words) => {
  const result = parse(settings);
  expect(result.ok ? [] : result.faults.map((fault) => formatFault(fault, "f"))).toEqual([
    expect.stringMatching(words),
  ]);
});
