import { execFileSync } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { issueCertificate } from "../../testing/issued-certificate.ts";
import { withDamagedNumber } from "../../testing/damaged-key.ts";
import { readKeyPair, versionOf } from "./key-pair.ts";
import { createServerContexts } from "./server-contexts.ts";

let directory: string;
const file = (name: string): string => join(directory, name);
const pairOf = (certificate: string, key: string) =>
  readKeyPair({ certificateFile: file(certificate), keyFile: file(key) });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-pair-"));
  await issueCertificate(directory, "ec", ["Mail.Test", "*.mail.test"]);
  await issueCertificate(directory, "other", ["other.test"]);
  execFileSync("openssl", [
    "pkey",
    "-in",
    file("ec.key"),
    "-aes256",
    "-passout",
    "pass:x",
    "-out",
    file("locked.key"),
  ]);
  execFileSync(
    "openssl",
    ["ec", "-in", file("ec.key"), "-aes256", "-passout", "pass:x", "-out", file("old-locked.key")],
    {
      stdio: "ignore",
    },
  );
  await writeFile(
    file("damaged.key"),
    withDamagedNumber(createPrivateKey(await readFile(file("ec.key"))), "secret"),
  );
  await writeFile(file("text"), "nothing of the kind");
  await writeFile(file("empty"), "");
});
afterAll(() => rm(directory, { recursive: true }));

test("its names, its kind of key, its end", async () => {
  const { names, keyKind, subject, validTo } = await pairOf("ec.pem", "ec.key");
  expect({ names, keyKind, subject }).toEqual({
    names: ["mail.test", "*.mail.test"],
    keyKind: "ec",
    subject: "CN=Mail.Test",
  });
  expect(validTo).toBeGreaterThan(Date.now() + 80 * 86_400_000);
});

test.each([
  ["a key of another certificate", "ec.pem", "other.key", /other\.key is not the certificate's/],
  ["a key with a passphrase", "ec.pem", "locked.key", /has a passphrase.*openssl pkey/],
  ["the same in the old form", "ec.pem", "old-locked.key", /has a passphrase/],
  ["its key, damaged", "ec.pem", "damaged.key", /damaged\.key is damaged/],
  ["a key's file that holds none", "ec.pem", "text", /holds no private key/],
  ["a certificate's file that holds none", "text", "ec.key", /no certificate in PEM/],
  ["half written", "empty", "ec.key", /no certificate in PEM/],
  ["the two exchanged", "ec.key", "ec.pem", /no certificate/],
  ["no file", "none.pem", "ec.key", /ENOENT/],
  ["a directory", ".", "ec.key", /EISDIR/],
])("%s is told in words", async (_what, certificate, key, words) => {
  await expect(pairOf(certificate, key)).rejects.toThrow(words);
});

test("a file that is put in another's place is another version, though size and time are the same", async () => {
  const files = [{ certificateFile: file("text"), keyFile: file("text") }];
  const before = await versionOf(files);
  await writeFile(
    file("damaged.key"),
    withDamagedNumber(createPrivateKey(await readFile(file("ec.key"))), "secret"),
  );
  await writeFile(file("text"), "nothing of that kind");
  expect(await versionOf(files)).not.toBe(before);
});

test("of 300 certificates each name gets its own, made when it is asked for", async () => {
  const pair = await pairOf("ec.pem", "ec.key");
  const all = Array.from({ length: 300 }, (_, n) => ({ pairs: [{ ...pair, names: [`host${n}.test`] }] }));
  const contexts = createServerContexts(all, {
    fqdn: "host7.test",
    tlsMinVersion: "TLSv1.2",
    tlsCipherString: undefined,
  });
  expect(contexts?.named("host299.test")).toBe(contexts?.named("HOST299.test"));
  expect(contexts?.named("host299.test")).not.toBe(contexts?.named("host298.test"));
  expect([contexts?.named("host7.test"), contexts?.named("unknown"), contexts?.named("\0")]).toEqual(
    Array.from({ length: 3 }, () => contexts?.byDefault),
  );
});

test("no certificates, no contexts", () => {
  expect(
    createServerContexts([], { fqdn: "a", tlsMinVersion: "TLSv1.2", tlsCipherString: undefined }),
  ).toBeUndefined();
});
