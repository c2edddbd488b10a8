/** Keys of DKIM from making one to signing with it, by the admin API, with a name server of the test. */
import { readFile, stat } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AdminError } from "../../src/admin/client.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { openNameServer, rcode, type ScriptedNameServer } from "../../src/testing/name-server.ts";

let dns: ScriptedNameServer;
let it: AdministeredRelay;
let records: readonly string[];

beforeEach(async () => {
  records = [];
  dns = await openNameServer(({ name }) =>
    records.map((text) => ({
      type: "TXT",
      name,
      ttl: 300,
      data: text.match(/.{1,255}/gu) ?? [],
    })),
  );
  it = await startAdministeredRelay(
    `receiveConnectors: []\ntransport: { externalDnsServers: ["${dns.server.address}:${dns.server.port}"] }\n`,
  );
});
afterEach(async () => {
  await it.stop();
  await dns.close();
});

test("made, published, active, retired, removed", async () => {
  const { client } = it;
  const made = await client.call("newDkimKey", { domain: "Contoso.com.", selector: "W1" });
  const { name, record } = made;
  expect(name).toBe("w1._domainkey.contoso.com");
  expect(made.zoneFileLine).toMatch(/^w1\._domainkey\.contoso\.com\. IN TXT \( "v=DKIM1; k=rsa; p=/u);
  expect((await stat(made.keyFile)).mode & 0o777).toBe(0o600);
  expect(await it.text()).toMatch(
    /dkimKeys:\n {2}- name: w1\._domainkey\.contoso\.com\n {4}keyFile: "?dkim\/w1\.contoso\.com\.pem"?\n/u,
  );
  expect(it.relay.settings.dkim.keys).toMatchObject([{ name, state: "published", domain: "contoso.com" }]);

  const seen = async () => (await client.call("testDkimKey", {})).results[0];
  expect(await seen()).toMatchObject({ dns: "missing", ok: false });
  const early = await client.call("setDkimKey", { name, state: "active", whatIf: true });
  expect(early.notices.join()).toMatch(/DNS has no key at w1\._domainkey\.contoso\.com/u);
  records = [record];
  expect(await seen()).toMatchObject({
    dns: "fits",
    ok: true,
    details: expect.stringMatching(/Set-DkimKey/u),
  });
  expect(await client.call("setDkimKey", { name, state: "active" })).toMatchObject({
    applied: true,
    notices: [],
  });
  expect(it.relay.settings.dkim.keys[0]?.state).toBe("active");
  records = ["v=DKIM1; k=rsa; p=QUJD"];
  expect(await seen()).toMatchObject({ dns: "differs", ok: false });
  records = ["v=DKIM1; p="];
  expect(await seen()).toMatchObject({ dns: "revoked", ok: false });
  await client.call("setDkimKey", { name, state: "retired" });
  expect(await seen()).toMatchObject({ dns: "revoked", ok: true });

  // The daily look was not there yet.
  expect((await client.call("listDkimKeys", {})).keys[0]?.status).toEqual({});
  const shown = JSON.stringify(await client.call("listDkimKeys", {}));
  expect(shown).not.toContain("PRIVATE");
  expect(await readFile(made.keyFile, "utf8")).toContain("PRIVATE KEY");
  const removed = await client.call("removeDkimKey", { name });
  expect(removed.notices.join()).toContain(made.keyFile);
  expect(it.relay.settings.dkim.keys).toEqual([]);
});

test("a second key of a domain, and what is refused", async () => {
  const { client } = it;
  const first = await client.call("newDkimKey", { domain: "contoso.com" });
  const second = await client.call("newDkimKey", { domain: "contoso.com", kind: "ed25519" });
  expect(first.name).toMatch(/^w\d{6}r\._domainkey/u);
  expect(second).toMatchObject({
    name: expect.stringMatching(/^w\d{6}e\._domainkey/u),
    algorithm: "ed25519-sha256",
  });
  const refused = async (input: { domain: string; selector?: string }): Promise<string> =>
    client.call("newDkimKey", input).then(
      () => "made",
      (error: unknown) => (error instanceof AdminError ? error.code : String(error)),
    );
  expect(await refused({ domain: "contoso.com" })).toBe("alreadyExists");
  expect(await refused({ domain: "a b" })).toBe("invalidInput");
  expect(await refused({ domain: "contoso.com", selector: "a/../b" })).not.toBe("made");
  expect(it.relay.settings.dkim.keys.length).toBe(2);
});

test("DNS that cannot be asked is no answer", async () => {
  await it.client.call("newDkimKey", { domain: "contoso.com" });
  dns.answer = () => ({ flags: 0x180 | rcode.serverFailure });
  expect((await it.client.call("testDkimKey", {})).results).toMatchObject([{ dns: "unknown", ok: false }]);
});
