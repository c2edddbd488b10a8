/** What people are shown of a certificate, and how it stands to tlsAuthLevel. Over the wire: test-connector.test.ts. */
import type { TLSSocket } from "node:tls";
import { describe, expect, test } from "vitest";
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import { smartHostConnector } from "../../testing/test-settings.ts";
import { peerChain } from "./peer-chain.ts";

interface Shown {
  readonly raw?: Buffer;
  readonly fingerprint256: string;
  readonly subject?: object;
  readonly issuer?: object;
  readonly subjectaltname?: string;
  readonly valid_from: string;
  readonly valid_to: string;
  issuerCertificate?: Shown;
}
const certificate = (name: string, more: Partial<Shown> = {}): Shown => ({
  raw: Buffer.from(name),
  fingerprint256: name,
  subject: { CN: name },
  issuer: { O: "Authority", CN: ["A", "B"] },
  valid_from: "Jan 15 09:00:00 2026 GMT",
  valid_to: "Jan 15 09:00:00 2027 GMT",
  ...more,
});

function shown(
  first: Shown | undefined,
  {
    authorized = true,
    authorizationError,
  }: { readonly authorized?: boolean; readonly authorizationError?: unknown } = {},
  connector: Partial<SmtpSendConnector> = {},
) {
  const socket = {
    authorized,
    authorizationError,
    getPeerCertificate: () => first ?? {},
    getProtocol: () => "TLSv1.3",
    getCipher: () => ({ standardName: "TLS_AES_256_GCM_SHA384" }),
  } as unknown as TLSSocket;
  return peerChain(socket, "mx.test", smartHostConnector(25, connector));
}

test("each certificate is told once, its own first, and whom it is for", () => {
  const root = certificate("Root");
  root.issuerCertificate = root;
  const leaf = certificate("mx.test", {
    subjectaltname: "DNS:mx.test, DNS:mx2.test",
    issuerCertificate: root,
  });
  const { certificates, details } = shown(leaf);
  expect(certificates).toEqual([
    {
      subject: "CN=mx.test",
      issuer: "O=Authority, CN=A+B",
      names: ["DNS:mx.test", "DNS:mx2.test"],
      validFrom: "2026-01-15T09:00:00.000Z",
      validTo: "2027-01-15T09:00:00.000Z",
    },
    expect.objectContaining({ subject: "CN=Root", names: [] }),
  ]);
  expect(details).toEqual([
    "TLSv1.3, TLS_AES_256_GCM_SHA384",
    "certificate CN=mx.test, for DNS:mx.test, DNS:mx2.test; issued by O=Authority, CN=A+B; valid 2026-01-15 to 2027-01-15",
    "certificate CN=Root; issued by O=Authority, CN=A+B; valid 2026-01-15 to 2027-01-15",
    "the chain ends at a trusted root",
    "the certificate is for mx.test",
    "tlsAuthLevel EncryptionOnly is satisfied",
  ]);
});

test("a chain without end is cut, and dates that are none are shown as they are", () => {
  const endless = (n: number): Shown => {
    const one = certificate(`n${n}`, { valid_from: "never" });
    if (n < 30) one.issuerCertificate = endless(n + 1);
    return one;
  };
  const { certificates } = shown(endless(0));
  expect([certificates.length, certificates[0]?.validFrom]).toEqual([10, "never"]);
});

test("no certificate at all", () => {
  const { certificates, details } = shown(undefined);
  expect([certificates, details.at(1)]).toEqual([[], "the chain ends at a trusted root"]);
});

describe("tlsAuthLevel", () => {
  const mine = certificate("mx.test", { subjectaltname: "DNS:mx.test" });
  const other = certificate("other.test", { subjectaltname: "DNS:other.test" });
  const [trusted, untrusted] = [{}, { authorized: false, authorizationError: "DEPTH_ZERO_SELF_SIGNED_CERT" }];
  test.each([
    ["EncryptionOnly", other, untrusted, true],
    ["CertificateValidation", other, trusted, true],
    ["CertificateValidation", mine, untrusted, false],
    ["DomainValidation", mine, trusted, true],
    ["DomainValidation", other, trusted, false],
    ["DomainValidation", mine, untrusted, false],
  ] as const)("%s: %#", (tlsAuthLevel, leaf, socket, isSatisfied) => {
    expect(shown(leaf, socket, { tlsAuthLevel }).details.at(-1)).toBe(
      `tlsAuthLevel ${tlsAuthLevel} is ${isSatisfied ? "" : "not "}satisfied`,
    );
  });

  test("goes by tlsDomain where it is set", () => {
    const { details } = shown(other, trusted, { tlsAuthLevel: "DomainValidation", tlsDomain: "other.test" });
    expect(details.slice(-2)).toEqual([
      "the certificate is for other.test",
      "tlsAuthLevel DomainValidation is satisfied",
    ]);
  });

  test.each([
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "the certificate is self-signed, its issuer is not trusted"],
    [Object.assign(new Error("no"), { code: "CERT_REVOKED" }), "the certificate was revoked"],
    [undefined, "no reason is given"],
  ])("a chain that is not trusted says why: %#", (authorizationError, words) => {
    expect(shown(mine, { authorized: false, authorizationError }).details).toContain(
      `the chain is not trusted: ${words}`,
    );
  });
});
