import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { parseConfig } from "./parse-config.ts";

const pem = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
const readText = (file: string): string => {
  if (file.endsWith("good.pem")) return pem;
  if (file.endsWith("bad.pem")) return "no key";
  throw new Error("ENOENT: no such file or directory");
};
const read = (dkim: string) =>
  parseConfig(`receiveConnectors: []\ndkim: ${dkim}\n`, { file: "/etc/weir/weir.yaml", readText });

test("keys with their files, and what is taken where nothing is said", () => {
  const result = read(
    "{keys: [{domain: Contoso.com, selector: W1, keyFile: good.pem}, {domain: contoso.com, selector: w2, keyFile: /keys/good.pem, state: published}]}",
  );
  expect(result.ok && result.settings.dkim).toMatchObject({
    keys: [
      { domain: "contoso.com", selector: "w1", state: "active", keyFile: "/etc/weir/good.pem" },
      { domain: "contoso.com", selector: "w2", state: "published", keyFile: "/keys/good.pem" },
    ],
    headerCanonicalization: "relaxed",
    bodyCanonicalization: "relaxed",
    oversign: "default",
    signatureLifetime: 864_000_000,
  });
});

test("every fault of the section at once, and none shows a key", () => {
  const result = read(
    `{oversign: all, keys: [
      {domain: contoso.com, selector: a, keyFile: good.pem}, {domain: contoso.com, selector: A, keyFile: good.pem},
      {domain: contoso.com, selector: b c, keyFile: good.pem}, {domain: contoso.com, selector: d, keyFile: bad.pem},
      {domain: contoso.com, selector: e, keyFile: gone.pem}, {domain: contoso.com, selector: f},
      {domain: contoso.com, selector: g, keyFile: good.pem, stat: active}]}`,
  );
  const faults = result.ok ? [] : result.faults.map(({ path, message }) => `${path}: ${message}`);
  expect(faults.join("\n")).not.toContain("PRIVATE KEY");
  expect(faults.length).toBe(7);
  for (const words of [
    /oversign/u,
    /keys\[1\].*a\._domainkey\.contoso\.com is there already/u,
    /keys\[2\].*is no selector/u,
    /keys\[3\].*bad\.pem: not a private key/u,
    /keys\[4\].*gone\.pem cannot be read: ENOENT/u,
    /keys\[5\].*is missing/u,
    /keys\[6\].*stat/u,
  ])
    expect(
      faults.some((fault) => words.test(fault)),
      `${String(words)} in ${faults.join("\n")}`,
    ).toBe(true);
});

test.each(["[]", "5", "{keys: {}}", "{keys: 5}"])("%s is no such section", (text) => {
  expect(read(text).ok).toBe(false);
});
