import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { parseConfig } from "./parse-config.ts";

const pem = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
const readText = (file: string): string => {
  if (file.endsWith("good.pem")) return pem;
  if (file.endsWith("bad.pem")) return "no key";
  throw Object.assign(new Error("ENOENT: no such file or directory"), { code: "ENOENT" });
};
const read = (text: string) =>
  parseConfig(`receiveConnectors: []\n${text}\n`, { file: "/etc/weir/weir.yaml", readText });

test("keys with their files, and what is taken where nothing is said", () => {
  const result = read(
    "dkimKeys: [{name: W1._domainkey.Contoso.com, keyFile: good.pem}, {name: w2._domainkey.contoso.com, keyFile: /keys/good.pem, state: published}]",
  );
  expect(result.ok && result.settings.dkim).toMatchObject({
    keys: [
      {
        name: "w1._domainkey.contoso.com",
        domain: "contoso.com",
        selector: "w1",
        state: "active",
        keyFile: "/etc/weir/good.pem",
      },
      { domain: "contoso.com", selector: "w2", state: "published", keyFile: "/keys/good.pem" },
    ],
    headerCanonicalization: "relaxed",
    bodyCanonicalization: "relaxed",
    oversign: "default",
    signatureLifetime: 864_000_000,
  });
});

test("every fault of both sections at once, and none shows a key", () => {
  const result = read(
    `dkim: {oversign: all}
dkimKeys:
  - {name: a._domainkey.contoso.com, keyFile: good.pem}
  - {name: A._domainkey.contoso.com, keyFile: good.pem}
  - {name: b c._domainkey.contoso.com, keyFile: good.pem}
  - {name: contoso.com, keyFile: bad.pem}
  - {name: e._domainkey.contoso.com, keyFile: gone.pem}
  - {name: f._domainkey.contoso.com}
  - {name: g._domainkey.contoso.com, keyFile: good.pem, stat: active}`,
  );
  const faults = result.ok ? [] : result.faults.map(({ path, message }) => `${path}: ${message}`);
  expect(faults.join("\n")).not.toContain("PRIVATE KEY");
  expect(faults.length).toBe(8);
  for (const words of [
    /dkim\.oversign/u,
    /dkimKeys\[[01]\].*name/u,
    /dkimKeys\[2\].name: is no name of a key/u,
    /dkimKeys\[3\].name: is no name of a key/u,
    /dkimKeys\[3\].*bad\.pem: not a private key/u,
    /dkimKeys\[4\].*gone\.pem cannot be read: ENOENT/u,
    /dkimKeys\[5\].*is missing/u,
    /dkimKeys\[6\].*stat/u,
  ])
    expect(
      faults.some((fault) => words.test(fault)),
      `${String(words)} in ${faults.join("\n")}`,
    ).toBe(true);
});

test.each(["dkim: []", "dkim: 5", "dkimKeys: {}", "dkimKeys: 5"])("%s is no such section", (text) => {
  expect(read(text).ok).toBe(false);
});
