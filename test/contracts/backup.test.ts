/** `weir backup` and `weir restore`, over the admin API and by themselves. */
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { recordingOutput } from "../../src/testing/recording-output.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";

let relay: AdministeredRelay;
let port: number;
const configurationOf = (at: number, isSending: boolean) => `receiveConnectors:
  - name: A
    bindings: ["127.0.0.1:${at}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    tlsCertificateFile: keys/a.pem
    tlsKeyFile: /etc/ssl/private/weir-backup-test.key
sendConnectors:
  - name: Drop
    enabled: ${isSending}
    addressSpaces: ["*"]
    dropDirectory: drop
`;

beforeAll(async () => {
  port = await freePort();
  relay = await startAdministeredRelay(configurationOf(port, false));
  await mkdir(join(dirname(relay.file), "keys"));
  await writeFile(join(dirname(relay.file), "keys/a.pem"), "a key\n");
  await mkdir(join(relay.dataDirectory, "drop"));
  await writeFile(join(relay.dataDirectory, "drop/theirs.eml"), "mail of others");
  await relay.client.call("newAdminToken", { name: "nightly", role: "viewer" });
  const client = await connectScriptedClient({ port });
  await client.expect("220");
  await client.command("EHLO app.test");
  for (const body of ["small", `${"x".repeat(70)}\r\n`.repeat(1200)]) {
    await client.command("MAIL FROM:<a@a.test>");
    await client.command("RCPT TO:<b@b.test>");
    await client.command("DATA");
    expect((await client.command(`Subject: ${body.slice(0, 5)}\r\n\r\n${body}\r\n.`)).code).toBe(250);
  }
  client.close();
});
afterAll(() => relay.stop());

const weirAt = async (file: string, ...words: string[]) => {
  const output = recordingOutput();
  const code = await main([...words, "--config", file], output);
  return { code, out: output.out(), complaints: output.complaints() };
};
const place = (name: string): string => join(dirname(relay.file), name);

test("a running relay is backed up; who asks again while it is, or for what cannot be, is told", async () => {
  const made = await weirAt(relay.file, "backup", place("backups"), "-Keep", "3");
  expect(made).toMatchObject({ code: 0, complaints: "" });
  expect(made.out).toMatch(
    /^\S+\/backups\/\d{8}T\d{6}Z: 2 messages, \d+ files, .* written, the rest linked\n/,
  );
  expect(made.out).toContain("not in it, for it does not stand beside the configuration: /etc/ssl/private/");
  const [folder = ""] = await readdir(place("backups"));
  const all = (await readdir(join(place("backups"), folder), { recursive: true })).sort();
  for (const path of [
    "backup.json",
    "configuration/weir.yaml",
    "configuration/keys/a.pem",
    "data/admin/tokens.json",
    "data/format.json",
    "data/spool/data.mdb",
  ])
    expect(all).toContain(path);
  expect(all.filter((path) => /drop|sock|holder|lock\.mdb|reserve|journal/.test(path))).toEqual([]);
  expect((await stat(join(place("backups"), folder))).mode & 0o777).toBe(0o700);
  expect(relay.events.map(({ name }) => name)).toContain("BackupMade");

  expect(await weirAt(relay.file, "backup", join(relay.dataDirectory, "in-it"))).toMatchObject({
    code: 1,
    complaints: expect.stringContaining("is in the data directory") as string,
  });
  const states = await Promise.allSettled([
    relay.client.call("startBackup", { directory: place("backups") }),
    relay.client.call("startBackup", { directory: place("other") }),
  ]);
  expect(states.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect((await relay.client.call("cancelBackup", {})).cancelled).toBe(true);
  let state = await relay.client.call("getBackup", {});
  while (state.kind === "running") state = await relay.client.call("getBackup", {});
  expect(state).toMatchObject({ kind: "failed", error: "it was broken off" });
  expect((await readdir(place("backups"))).length).toBe(1);
});

test("it is restored elsewhere, held back until it is released; never into what is in use or not empty", async () => {
  expect(await weirAt(relay.file, "restore", place("backups"))).toMatchObject({
    code: 1,
    complaints: expect.stringContaining("a relay runs with") as string,
  });
  const directory = place("elsewhere");
  const file = join(directory, "weir.yaml");
  await mkdir(directory);
  expect((await weirAt(file, "restore", place("nothing"))).code).toBe(1);

  const restored = await weirAt(file, "restore", place("backups"));
  expect(restored).toMatchObject({ code: 0, complaints: "" });
  expect(restored.out).toContain("2 messages read");
  expect(restored.out).toContain("2 messages are held back, for they may have been delivered since");
  expect(restored.out).toContain(`written: ${file}`);
  expect(await readFile(join(directory, "keys/a.pem"), "utf8")).toBe("a key\n");
  expect((await weirAt(file, "restore", place("backups"))).complaints).toContain("is not empty");

  const again = await startAdministeredRelay(configurationOf(await freePort(), true), { directory });
  try {
    expect(again.relay.queued).toBe(2);
    expect((await again.client.call("listAdminTokens", {})).tokens.map(({ name }) => name)).toContain(
      "nightly",
    );
    const shown = await weirAt(file, "Get-Message", "-Filter", "Status -eq 'Suspended'", "-Json");
    expect(JSON.parse(shown.out)).toHaveLength(2);
    await weirAt(file, "Resume-Message", "-Filter", "Status -eq 'Suspended'");
    while (again.relay.queued > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(
      (await readdir(join(again.dataDirectory, "drop"))).filter((name) => name.endsWith(".eml")).length,
    ).toBe(2);
  } finally {
    await again.halt();
  }
  // Nobody runs there any more: the command makes it itself.
  const stopped = await weirAt(file, "backup", place("stopped"), "-Json");
  expect(JSON.parse(stopped.out)).toMatchObject({
    messages: null,
    notIncluded: [expect.stringContaining("/etc/ssl")],
  });
  // A fresh installation has a configuration of its own.
  const released = join(place("released"), "weir.yaml");
  await mkdir(place("released"));
  await writeFile(released, "hostname: fresh.test\n", { mode: 0o640 });
  const words = ["restore", place("stopped"), "-Release", "-WithConfiguration"];
  // Where its configuration cannot be put it is not done, and may be run again.
  await writeFile(place("released/keys"), "in the way of the folder");
  expect((await weirAt(released, ...words)).complaints).toContain("keys");
  await rm(place("released/keys"));
  const { out, complaints } = await weirAt(released, ...words);
  expect(complaints).toBe("");
  expect(out).not.toContain("held back");
  expect(out).toContain(`written: ${released}`);
  expect(await readFile(released, "utf8")).toBe(await readFile(file, "utf8"));
  expect(await readFile(`${released}.before-restore`, "utf8")).toBe("hostname: fresh.test\n");
  expect((await stat(released)).mode & 0o777).toBe(0o640);
});

test.runIf(process.geteuid?.() === 0)("root backs a stopped relay up for the user whose it is", async () => {
  const owner = { uid: 4_321, gid: 4_322 };
  const home = await mkdtemp(join(tmpdir(), "weir-backup-owner-"));
  const file = join(home, "weir.yaml");
  const all = async (directory: string) => [
    directory,
    ...(await readdir(directory, { recursive: true })).map((name) => join(directory, name)),
  ];
  try {
    await chmod(home, 0o755);
    await writeFile(file, configurationOf(port, true).replaceAll(/^ +tls.*\n/gm, ""), { mode: 0o644 });
    await mkdir(join(home, "data/spool"), { recursive: true });
    for (const path of await all(join(home, "data"))) await chown(path, owner.uid, owner.gid);
    expect(await weirAt(file, "backup", join(home, "a/backups"))).toMatchObject({ code: 0 });
    for (const path of [...(await all(join(home, "a"))), ...(await all(join(home, "data")))])
      expect(await stat(path), path).toMatchObject(owner);

    await mkdir(join(home, "of-root"), { mode: 0o700 });
    expect(await weirAt(file, "backup", join(home, "of-root"))).toMatchObject({
      code: 1,
      complaints: expect.stringContaining("may not be written by user 4321") as string,
    });
    expect(process.geteuid?.()).toBe(0);
    expect(await weirAt(file, "doctor")).toMatchObject({
      out: expect.not.stringContaining("may not read") as string,
    });
    await chmod(file, 0o600);
    expect((await weirAt(file, "doctor")).out).toContain(`may not read ${file}`);
  } finally {
    await rm(home, { recursive: true });
  }
});
