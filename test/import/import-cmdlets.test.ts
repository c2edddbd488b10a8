/** Import-… as it is typed: with a relay that runs, without one, with files that are none. */
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { main } from "../../src/cli/main.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { recordingOutput } from "../../src/testing/recording-output.ts";

const fixtures = resolve(import.meta.dirname, "fixtures");
const exchange = (file: string): string => join(fixtures, "exchange", file);

let directory: string;
let file: string;
const before = `# mine
hostname: relay.test
dataDirectory: data
receiveConnectors:
  - name: AppRelay # kept
    bindings: ["127.0.0.1:2525"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
sendConnectors:
  - name: Drop
    addressSpaces: ["*"]
    dropDirectory: drop
`;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-import-"));
  file = join(directory, "weir.yaml");
  await writeFile(file, before);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function weir(...words: readonly string[]) {
  const output = recordingOutput();
  const code = await main([...words, "--config", file], output);
  return { code, out: output.out(), complaints: output.complaints() };
}

describe("where no relay runs", () => {
  it("-WhatIf shows the difference and leaves the file", async () => {
    const { code, out } = await weir("Import-ReceiveConnector", exchange("2019-setup.fl.txt"), "-WhatIf");
    expect(code).toBe(0);
    expect(out).toContain('+  - name: "Default Frontend EX01"');
    expect(out).toContain("what if: nothing was changed");
    expect(out).toContain("not imported: Exchange has it for itself");
    expect(out).toContain("BasicAuth is offered, and there are no users who could log on");
    expect(await readFile(file, "utf8")).toBe(before);
  });

  it("writes the file, keeps what was there, and says that nobody runs with it", async () => {
    const { code, out } = await weir("Import-ReceiveConnector", "-Path", exchange("2010-hub.fl.txt"));
    expect(code).toBe(0);
    expect(out).toContain(`Saved in ${file}; no relay runs with it`);
    expect(out).toContain("192.168.10.21:25, which is no address of this machine");
    const text = await readFile(file, "utf8");
    expect(text).toContain("- name: AppRelay # kept");
    expect(text).toContain('- name: "Relay - Printers"');
    expect((await weir("check")).code).toBe(0);
    const again = await weir("Import-ReceiveConnector", "-Path", exchange("2010-hub.fl.txt"));
    expect(again.code).toBe(1);
    expect(again.out).toContain("Nothing was imported");
    expect(again.out).toContain(
      "there is a connector Client MAIL01 already; -Force puts this one in its place",
    );
    const forced = await weir("Import-ReceiveConnector", exchange("2010-hub.fl.txt"), "-Force");
    expect(forced).toMatchObject({ code: 0 });
    expect(forced.out).toContain("Nothing to change");
  });

  it("only those that -Name and -Server mean", async () => {
    const { out } = await weir(
      "Import-ReceiveConnector",
      exchange("two-servers.clixml.txt"),
      "-Name",
      "app*",
      "-Server",
      "EX03",
      "-Json",
    );
    const { parts, change } = JSON.parse(out) as { parts: { title: string }[]; change: { diff: string } };
    expect(parts.map(({ title }) => title)).toEqual(["Receive connector App Relay"]);
    expect(change.diff).toContain("10.6.0.0/24");
    const none = await weir("Import-ReceiveConnector", exchange("two-servers.clixml.txt"), "-Name", "no*");
    expect(none).toMatchObject({ code: 1 });
    expect(none.complaints).toContain("none of the connectors fits; there are EX01\\App Relay");
  });

  it("a send connector beside one for the same domains", async () => {
    const { out } = await weir(
      "Import-SendConnector",
      exchange("send.fl.txt"),
      "-Name",
      "Internet",
      "-SmartHosts",
      "smtp.example.com:25",
    );
    expect(out).toContain("Drop and Internet both take * at the same cost; all mail for it goes to Drop");
    expect(out).toContain("weir Remove-SendConnector Drop");
  });

  it("accepted domains", async () => {
    expect((await weir("Import-AcceptedDomain", exchange("domains.fl.txt"))).code).toBe(0);
    expect(await readFile(file, "utf8")).toContain(
      'acceptedDomains: [contoso.com, "*.eu.contoso.com", partner.example]',
    );
  });
});

describe("with a relay that runs", () => {
  let relay: AdministeredRelay;
  let port: number;
  beforeEach(async () => {
    port = await freePort();
    relay = await startAdministeredRelay(
      before.slice(before.indexOf("receiveConnectors")).replace("2525", "0"),
    );
  });
  afterEach(() => relay.stop());

  it("is in force at once, all in one change", async () => {
    const exported = join(directory, "connectors.json");
    const connector = (name: string, ranges: readonly string[]) => ({
      Name: name,
      Identity: `EX01\\${name}`,
      Bindings: [`127.0.0.1:${port}`],
      RemoteIPRanges: ranges,
      PermissionGroups: "AnonymousUsers",
    });
    await writeFile(
      exported,
      `\ufeff${JSON.stringify([connector("Wide", ["127.0.0.0/8"]), connector("Narrow", ["127.0.0.9"])])}`,
      "utf16le",
    );
    const output = recordingOutput();
    const words = ["Import-ReceiveConnector", exported, "--config", relay.file];
    expect(await main([...words, "-WhatIf"], output)).toBe(0);
    expect(relay.relay.settings.receiveConnectors).toHaveLength(1);
    expect(await main(words, output)).toBe(0);
    expect(output.out()).toContain("In force now, and saved in");
    expect(relay.relay.settings.receiveConnectors.map(({ name }) => name)).toEqual([
      "AppRelay",
      "Wide",
      "Narrow",
    ]);
    expect(relay.relay.listeners().map((listener) => listener.port)).toContain(port);
    expect(relay.events.filter(({ name }) => name === "ConfigurationApplied")).toHaveLength(1);
  });

  it("says so when a new connector cannot listen", async () => {
    const exported = join(directory, "taken.json");
    const [taken] = relay.relay.listeners();
    await writeFile(
      exported,
      JSON.stringify({
        Name: "Taken",
        Bindings: [`0.0.0.0:${taken?.port}`],
        RemoteIPRanges: ["10.0.0.0/8"],
        PermissionGroups: "AnonymousUsers",
      }),
    );
    const output = recordingOutput();
    expect(await main(["Import-ReceiveConnector", exported, "--config", relay.file], output)).toBe(1);
    expect(output.out()).toContain("but not listening:");
    expect(output.out()).not.toContain("In force now");
  });
});

describe("files that are none", () => {
  const failing = async (path: string, command = "Import-ReceiveConnector"): Promise<string> => {
    const { code, complaints } = await weir(command, path);
    expect(code).toBe(1);
    return complaints;
  };

  it.each([
    [
      "send.fl.txt",
      "Import-ReceiveConnector",
      "is no output of Get-ReceiveConnector: nothing in it has Bindings",
    ],
    ["2019-setup.fl.txt", "Import-SendConnector", "is no output of Get-SendConnector"],
    ["2019-setup.fl.txt", "Import-AcceptedDomain", "is no output of Get-AcceptedDomain"],
    ["permissions.table.txt", "Import-ReceiveConnector", "is a table"],
    ["../postfix/relay/main.cf", "Import-ReceiveConnector", "read it with Import-PostfixConfiguration"],
  ])("%s given to %s", async (name, command, sentence) => {
    expect(await failing(exchange(name), command)).toContain(sentence);
  });

  it("words of JavaScript are no words of theirs", async () => {
    const odd = join(directory, "odd.json");
    const connector = '"Name":"P","Bindings":["127.0.0.1:2526"],"RemoteIPRanges":["10.0.0.1"]';
    await writeFile(odd, `[{${connector},"constructor":"x","toString":1,"__proto__":{"valueOf":2}}]`);
    const { code, out } = await weir("Import-ReceiveConnector", odd, "-WhatIf");
    expect(code).toBe(0);
    expect(out).toMatch(/constructor +left out +there is no such setting here/);
    const folder = await mkdtemp(join(directory, "postfix-"));
    await writeFile(
      join(folder, "main.cf"),
      "mynetworks = 10.0.0.0/8\nmyhostname = $constructor\ntoString = 1\nsmtpd_discard_ehlo_keywords = constructor\n",
    );
    const postfix = await weir("Import-PostfixConfiguration", folder, "-WhatIf");
    expect(postfix.complaints).toBe("");
    expect(postfix.out).toMatch(/toString +left out +there is no such setting here/);
  });

  it("one that is not there, a folder, one of 100 MB, one of other permissions", async () => {
    expect(await failing(join(directory, "none.txt"))).toContain("there is no ");
    expect(await failing(directory)).toContain("is a folder");
    const large = join(directory, "large.txt");
    await writeFile(large, "");
    await truncate(large, 100 * 1024 * 1024);
    expect(await failing(large)).toContain("is too large to be such a file: 100 MB");
    const { complaints } = await weir(
      "Import-ReceiveConnector",
      exchange("edge.fl.txt"),
      "-PermissionPath",
      exchange("edge.fl.txt"),
    );
    expect(complaints).toContain("is no output of Get-ADPermission");
  });
});

describe("from Postfix and IIS", () => {
  const postfix = join(fixtures, "postfix");

  it("a folder of Postfix, with the password of relayhost in a file of its own", async () => {
    const what = await weir(
      "Import-PostfixConfiguration",
      join(postfix, "relay"),
      "-PasswordFile",
      "pw",
      "-WhatIf",
    );
    expect(what.code).toBe(0);
    await expect(stat(join(directory, "pw"))).rejects.toThrow("ENOENT");
    const done = await weir(
      "Import-PostfixConfiguration",
      join(postfix, "relay", "main.cf"),
      "-PasswordFile",
      "pw",
    );
    expect(done.code).toBe(0);
    expect(done.out + what.out).not.toContain("s3cr3t");
    expect(await readFile(join(directory, "pw"), "utf8")).toBe("s3cr3t:with:colons\n");
    if (process.platform !== "win32") expect((await stat(join(directory, "pw"))).mode & 0o777).toBe(0o600);
    const text = await readFile(file, "utf8");
    expect(text).not.toContain("s3cr3t");
    expect(text).toContain("passwordFile: pw");
    expect(text).toContain("messageExpirationTimeout: 3d");
    expect((await weir("check")).code).toBe(0);
  });

  it("a password that is nowhere", async () => {
    const { code, complaints } = await weir(
      "Import-PostfixConfiguration",
      join(postfix, "null-client"),
      "-PasswordFile",
      "pw",
    );
    expect(code).toBe(1);
    expect(complaints).toContain("the password of relayhost is not in smtp_sasl_password_maps");
  });

  it("MetaBase.xml", async () => {
    const metabase = join(fixtures, "iis", "MetaBase.xml");
    expect((await weir("Import-IisSmtp", metabase)).code).toBe(0);
    expect(await readFile(file, "utf8")).toContain('- name: "SMTP Virtual Server #1"');
    expect((await weir("check")).code).toBe(0);
    expect((await weir("Import-ReceiveConnector", metabase)).complaints).toContain(
      "read it with Import-IisSmtp",
    );
  });

  it.each([
    ["Import-PostfixConfiguration", "2019-setup.fl.txt", "is no main.cf"],
    ["Import-IisSmtp", "two-servers.clixml.txt", "has no SMTP virtual server"],
    ["Import-IisSmtp", "2019-setup.fl.txt", "is no XML that can be read"],
  ])("%s of %s", async (command, name, sentence) => {
    const { code, complaints } = await weir(command, exchange(name));
    expect(code).toBe(1);
    expect(complaints).toContain(sentence);
  });
});
