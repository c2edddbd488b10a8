import { expect, test } from "vitest";
import { daneText, tlsText } from "./explain-tls.ts";
import { anyCertificate, type TlsDemand } from "./tls-demand.ts";

const data = Uint8Array.from({ length: 32 }, (_, at) => at);

test("what DNS says of TLSA records", () => {
  expect(
    daneText({
      kind: "found",
      baseDomain: "mx.test",
      records: [
        { usage: 3, selector: 1, matchingType: 1, data },
        { usage: 1, selector: 0, matchingType: 0, data: data.subarray(0, 2) },
      ],
    }),
  ).toBe("3 1 1 0001020304050607…, 1 0 0 0001 (of no use for SMTP) (at mx.test)");
  expect(daneText({ kind: "none" })).toBe("none that are signed");
  expect(daneText({ kind: "unknown", detail: "the server answered SERVFAIL" })).toBe(
    "the server answered SERVFAIL",
  );
  expect(daneText({ kind: "unasked", reason: "the MX records are not signed" })).toBe(
    "not asked for: the MX records are not signed",
  );
});

test("what is done by it", () => {
  const demand: TlsDemand = {
    kind: "demand",
    level: "dane",
    isRequired: true,
    certificate: anyCertificate,
    serverName: "mx.test",
    reason: "DANE: 1 TLSA record of mx.test",
    tlsaFound: [],
    watched: [],
  };
  expect(tlsText(demand)).toBe("dane, required: DANE: 1 TLSA record of mx.test");
  const barred = { kind: "barred", status: "4.7.5", reason: "nobody knows", outcomes: [] } as const;
  expect(tlsText({ ...barred, isPermanent: false })).toBe(
    "the host is left out for now (4.7.5): nobody knows",
  );
  expect(tlsText({ ...barred, isPermanent: true, status: "5.7.30" })).toBe(
    "the host is left out (5.7.30): nobody knows",
  );
});
