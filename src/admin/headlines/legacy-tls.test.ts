import { expect, test } from "vitest";
import { legacyTlsHeadlines } from "./legacy-tls.ts";

const now = Date.UTC(2026, 10, 29);
const day = 86_400_000;
type Client = Parameters<typeof legacyTlsHeadlines>[1][number];

const client = (address: string, daysAgo: number, version: string | undefined = "TLSv1"): Client => ({
  connector: "Printers",
  address,
  helloName: "",
  version,
  cipher: undefined,
  user: undefined,
  connections: 1,
  firstSeen: 0,
  lastSeen: now - daysAgo * day,
});
const texts = (tlsMinVersion: "TLSv1" | "TLSv1.1" | "TLSv1.2", clients: readonly Client[], enabled = true) =>
  legacyTlsHeadlines([{ name: "Printers", enabled, tlsMinVersion }], clients, now).map(({ text }) => text);

test("devices are counted once each, those of another time and those refused are not", () => {
  expect(
    texts("TLSv1", [
      client("10.1.1.1", 1),
      client("10.1.1.1", 2, "TLSv1.1"),
      client("10.1.1.2", 29),
      client("10.1.1.3", 31),
      { ...client("10.1.1.4", 1), version: undefined },
      { ...client("10.1.1.5", 1), connector: "Others" },
    ]),
  ).toEqual([
    "Receive connector Printers lets clients speak TLS 1.0: 2 devices spoke it in the last 30 days; Get-LegacyTlsClient lists them.",
  ]);
});

test("where nobody needs it, it says how it ends", () => {
  expect(texts("TLSv1.1", [])).toEqual([expect.stringMatching(/TLS 1\.1: nobody .*-TlsMinVersion TLSv1\.2/)]);
});

test("nothing of connectors that do not, or are disabled", () => {
  expect([...texts("TLSv1.2", [client("10.1.1.1", 1)]), ...texts("TLSv1", [], false)]).toEqual([]);
});
