/** Secrets as systemd and Kubernetes hand them over, and what becomes of those that change. */
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createEventLog } from "../events/event-log.ts";
import { filePlace } from "./file-place.ts";
import { createLiveConfiguration } from "./live-configuration.ts";
import { fileStore, fileText } from "./file-store.ts";
import { filesReadWith, namedFiles } from "./named-files.ts";
import { parseConfig } from "./parse-config.ts";
import type { Settings } from "./settings.ts";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "weir-secrets-"));
  file = join(folder, "weir.yaml");
});
afterEach(() => rm(folder, { recursive: true }));

const textWith = (passwordFile: string): string => `receiveConnectors:
  - name: A
    bindings: ["127.0.0.1:2525"]
    remoteIpRanges: ["127.0.0.0/8"]
    tlsCertificateFile: a.pem
    tlsKeyFile: a.key
sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: ["127.0.0.1:2526"]
    smartHostAuthMechanism: BasicAuth
    authenticationCredential: { userName: u, passwordFile: "${passwordFile}" }
`;
const passwordOf = ({ sendConnectors: [connector] }: Settings): string | undefined =>
  connector?.kind === "smartHost" ? connector.authenticationCredential?.password : undefined;

test("a credential of systemd's is read where it says, by the service and beside it", async () => {
  await mkdir(join(folder, "credentials"));
  await writeFile(join(folder, "credentials/smtp"), "from systemd\nnot this\n");
  const env = { CREDENTIALS_DIRECTORY: join(folder, "credentials") };
  const parsed = parseConfig(textWith("credential:smtp"), { file, env });
  expect(parsed.ok && passwordOf(parsed.settings)).toBe("from systemd");
  expect(filePlace("credential:smtp", folder, {})).toBe("/run/credentials/weir.service/smtp");
  const missing = parseConfig(textWith("credential:other"), { file, env });
  expect(!missing.ok && missing.faults.map(({ path, message }) => `${path} ${message}`)).toEqual([
    expect.stringMatching(/passwordFile cannot be read: ENOENT.*credentials\/other/),
  ]);
});

test.each([
  ["with a mark and Windows' line ends", Buffer.from("\uFEFFsecret\r\nmore\r\n"), "secret"],
  ["without a line end", Buffer.from("secret"), "secret"],
  ["in UTF-16, as PowerShell writes it", Buffer.from("\uFEFFsecret\r\n", "utf16le"), "UTF-16"],
  ["in UTF-16 without a mark", Buffer.from("secret\r\n", "utf16le"), "UTF-16"],
  ["that begins with an empty line", Buffer.from("\nsecret\n"), "first line is empty"],
])("a secret %s", async (_, octets, expected) => {
  await writeFile(join(folder, "p"), octets);
  const parsed = parseConfig(textWith("p"), { file });
  expect(parsed.ok ? passwordOf(parsed.settings) : parsed.faults[0]?.message).toContain(expected);
});

test("a configuration in UTF-16 is told to be one", async () => {
  const text = Buffer.from(`\uFEFF${textWith("p")}`, "utf16le").toString("utf8");
  const parsed = parseConfig(text, { file });
  expect(!parsed.ok && parsed.faults.map(({ message }) => message)).toEqual([
    expect.stringContaining("looks like UTF-16"),
  ]);
});

test.each(["credential:../etc/shadow", "credential:a/b", "credential:..", "credential:", "./credential:x"])(
  "%s is a path like any other",
  (written) => {
    expect(filePlace(written, "/etc/weir", { CREDENTIALS_DIRECTORY: "/c" })).toMatch(/^\/etc\//);
  },
);

test("what a configuration names, and what of it is read with it", async () => {
  await writeFile(join(folder, "p"), "x");
  const text = textWith("p");
  const parsed = parseConfig(text, { file });
  expect([...namedFiles(text, file)].sort()).toEqual(
    ["a.key", "a.pem", "p"].map((name) => join(folder, name)),
  );
  expect(parsed.ok && filesReadWith(namedFiles(text, file), parsed.settings)).toEqual([join(folder, "p")]);
});

/** A secret of Kubernetes: files are links into `..data`, a link that is turned to a new folder in one rename. */
async function turnTo(version: string, password: string): Promise<void> {
  const secret = join(folder, "secret");
  await mkdir(join(secret, version), { recursive: true });
  await writeFile(join(secret, version, "smtp"), password);
  await symlink(version, join(secret, "..data_tmp"));
  await rename(join(secret, "..data_tmp"), join(secret, "..data"));
}

test.each(["written in place", "renamed over", "by a link that is turned, as in Kubernetes"])(
  "a secret that is %s is used without a restart; one that is gone keeps the last",
  async (how) => {
    const name = how.startsWith("by") ? "secret/smtp" : "smtp";
    const change = async (password: string): Promise<void> => {
      if (how.startsWith("by")) return turnTo(`..${password}`, password);
      const path = join(folder, how.startsWith("written") ? "smtp" : "smtp.new");
      await writeFile(path, password);
      if (how.startsWith("renamed")) await rename(path, join(folder, "smtp"));
    };
    await change("first");
    if (name === "secret/smtp") await symlink("..data/smtp", join(folder, name));
    const text = textWith(name);
    await writeFile(file, text);
    const parsed = parseConfig(text, { file });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
    let settings = parsed.settings;
    const events = createEventLog({ clock: { wall: () => new Date() }, levels: {} });
    const told: string[] = [];
    events.subscribe((record) => told.push(`${record.name} ${String(record.fields["changes"])}`));
    const live = createLiveConfiguration({
      store: fileStore(file),
      written: fileText(text),
      parsed,
      relay: {
        get settings() {
          return settings;
        },
        events,
        failedListeners: () => [],
        reconfigure: (next) => {
          settings = next;
          return Promise.resolve();
        },
      },
    });
    const watch = live.follow(10);
    try {
      await watch.ready;
      expect(passwordOf(settings)).toBe("first");
      await change("second");
      await expect.poll(() => passwordOf(settings)).toBe("second");
      await rm(join(folder, name));
      await vi.waitFor(() =>
        expect(told.some((line) => line.startsWith("ConfigurationRejected"))).toBe(true),
      );
      expect(passwordOf(settings)).toBe("second");
      // Named, never shown.
      expect(told.join("\n")).not.toMatch(/first|second/);
    } finally {
      watch.close();
    }
  },
);

test.each(["the file", "the secret"])(
  "%s, changed between its reading and its watch, is applied",
  async (which) => {
    const readAtMs = Date.now();
    await writeFile(join(folder, "smtp"), "first");
    const text = textWith("smtp");
    const parsed = parseConfig(text, { file });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
    let settings = parsed.settings;
    await writeFile(file, which === "the file" ? `${text}\ndiagnostics: {}\n` : text);
    if (which === "the secret") await writeFile(join(folder, "smtp"), "second");
    let applied = 0;
    const live = createLiveConfiguration({
      store: fileStore(file),
      written: fileText(text),
      parsed,
      readAtMs: which === "the file" ? Infinity : readAtMs,
      relay: {
        get settings() {
          return settings;
        },
        events: createEventLog({ clock: { wall: () => new Date() }, levels: {} }),
        failedListeners: () => [],
        reconfigure: (next) => {
          settings = next;
          applied++;
          return Promise.resolve();
        },
      },
    });
    const watch = live.follow(60_000);
    try {
      await expect.poll(() => applied).toBe(1);
      expect(passwordOf(settings)).toBe(which === "the file" ? "first" : "second");
    } finally {
      watch.close();
    }
  },
);
