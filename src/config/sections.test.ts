/** Sections that stand for what is outside of the relay: read into settings, shown again without secrets, and what is wrong with them. */
import { beforeAll, describe, expect, test } from "vitest";
import { testCertificate } from "../testing/test-certificate.ts";
import { parseConfigValue } from "./parse-config.ts";
import { handedOverDirectories } from "./named-files.ts";
import {
  addressSpaceText,
  domainText,
  plainSettings,
  plainTransport,
  type PlainSection,
} from "./plain-settings.ts";
import type { Settings } from "./settings.ts";

const files: Record<string, string> = {
  "/etc/weir/secret": "s3cr3t\nmore\n",
  "/etc/weir/empty": "\n",
  "/etc/weir/url": "https://hooks.test/services/T1\n",
  "/etc/weir/odd-url": "http://hooks.test/x\n",
  "/etc/weir/keys": `whsec_${Buffer.alloc(24, 1).toString("base64")}\r\n\nwhsec_${Buffer.alloc(64, 2).toString("base64")}\n`,
  "/etc/weir/short-key": `whsec_${Buffer.alloc(23).toString("base64")}\n`,
  "/etc/weir/long-key": `whsec_${Buffer.alloc(65).toString("base64")}\n`,
  "/etc/weir/four-keys": `whsec_${Buffer.alloc(24, 1).toString("base64")}\n`.repeat(4),
  "/etc/weir/control": "Bearer \u0001\n",
};
beforeAll(async () => {
  files["/etc/weir/ca.pem"] = (await testCertificate("ca.test")).cert;
});

const usual = {
  hostname: "relay.test",
  dataDirectory: "/var/lib/weir",
  receiveConnectors: [{ name: "A", bindings: ["127.0.0.1:2525"], remoteIpRanges: ["127.0.0.0/8"] }],
  sendConnectors: [{ name: "Out", addressSpaces: ["*"], smartHosts: ["127.0.0.1:2526"] }],
};
/** `systemName`: no section, but what the machine is called. */
function parsed({ systemName, ...sections }: { readonly systemName?: string } & object) {
  return parseConfigValue(
    { ...usual, ...sections },
    {
      file: "/etc/weir/weir.yaml",
      ...(systemName === undefined ? {} : { hostname: systemName }),
      env: { LDAP_PASSWORD: "from env" },
      readText(file) {
        const text = files[file];
        if (text === undefined) throw new Error(`ENOENT: ${file}`);
        return text;
      },
    },
  );
}
function settingsOf(sections: object): Settings {
  const result = parsed(sections);
  if (!result.ok) throw new Error(result.faults.map(({ path, message }) => `${path} ${message}`).join("\n"));
  return result.settings;
}
const shownOf = (sections: object, name: string): PlainSection =>
  plainSettings(settingsOf(sections))[name] as PlainSection;
const faultsOf = (sections: object): readonly string[] => {
  const result = parsed(sections);
  return result.ok ? [] : result.faults.map(({ path, message }) => `${path}: ${message}`);
};
const warningsOf = (sections: object): readonly string[] =>
  (parsed(sections).warnings ?? []).map(({ path, message }) => `${path}: ${message}`);

describe("directory", () => {
  const directory = { urls: ["ldaps://dc1.test/"], baseDn: "DC=test" };
  test("as it is by itself, and shown", () => {
    const settings = settingsOf({ directory });
    expect(settings.directory).toEqual({
      urls: ["ldaps://dc1.test"],
      startTls: true,
      baseDn: "DC=test",
      userAttributes: ["sAMAccountName", "userPrincipalName", "mail"],
      objectClass: "person",
      groupAttribute: "memberOf",
      nestedGroups: false,
      groups: [],
      requireGroup: false,
      bindDn: undefined,
      bindPassword: undefined,
      ca: undefined,
      timeoutMs: 5_000,
      keepLogonsMs: 86_400_000,
    });
    expect(plainSettings(settings)["directory"]).toMatchObject({
      urls: ["ldaps://dc1.test"],
      bindDn: null,
      ownCa: false,
      groups: {},
    });
    expect(plainSettings(settingsOf({}))["directory"]).toBeNull();
  });

  test("with all there is; the password is shown nowhere", () => {
    const given = {
      ...directory,
      caFile: "ca.pem",
      bindDn: "CN=weir",
      groups: [
        { name: "CN=apps", sendAs: ["@contoso.com"], messageRateLimit: 60, recipientRateLimit: "unlimited" },
      ],
    };
    const settings = settingsOf({ directory: { ...given, bindPasswordFile: "secret" } });
    expect(settings.directory).toMatchObject({
      bindPassword: "s3cr3t",
      ca: [files["/etc/weir/ca.pem"]?.trim()],
    });
    const byEnv = settingsOf({ directory: { ...given, bindPasswordEnv: "LDAP_PASSWORD" } });
    expect(byEnv.directory?.bindPassword).toBe("from env");
    const shown = plainSettings(settings)["directory"];
    expect(shown).toMatchObject({
      ownCa: true,
      bindDn: "CN=weir",
      groups: {
        "CN=apps": {
          sendAs: ["@contoso.com"],
          receiveConnectors: null,
          messageRateLimit: 60,
          recipientRateLimit: "unlimited",
        },
      },
    });
    expect(JSON.stringify(shown)).not.toMatch(/s3cr3t|bindPassword|"ca"/);
  });

  test.each<[string, object, string[]]>([
    [
      "ldap in clear text",
      { startTls: false, urls: ["ldap://dc1.test"] },
      ["directory.urls[0]: would send passwords in clear text; use ldaps:// or startTls"],
    ],
    [
      "the second of them",
      { startTls: false, urls: ["ldaps://dc1.test", "ldap://10.0.0.1:389"] },
      ["directory.urls[1]: would send passwords in clear text; use ldaps:// or startTls"],
    ],
    ["ldap with STARTTLS", { urls: ["ldap://dc1.test:389"] }, []],
    [
      "ldap of this machine",
      { startTls: false, urls: ["ldap://127.0.0.1", "ldap://[::1]:389", "LDAP://localhost"] },
      [],
    ],
    [
      "a name that begins so",
      { startTls: false, urls: ["ldap://127.0.0.1.evil.test"] },
      ["directory.urls[0]: would send passwords in clear text; use ldaps:// or startTls"],
    ],
    [
      "no password of bindDn",
      { bindDn: "CN=weir" },
      ["directory.bindDn: needs bindPasswordFile or bindPasswordEnv"],
    ],
    [
      "a password that is empty",
      { bindDn: "CN=weir", bindPasswordFile: "empty" },
      ["directory.bindPasswordFile: the file's first line is empty"],
    ],
    [
      "a variable that is not set",
      { bindDn: "CN=weir", bindPasswordEnv: "NONE" },
      ["directory.bindPasswordEnv: the environment variable NONE is not set"],
    ],
    [
      "a CA that is none",
      { caFile: "secret" },
      ["directory.caFile: holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"],
    ],
    ["no server", { urls: [] }, ["directory.urls: is empty"]],
    ["no attribute", { userAttributes: [] }, ["directory.userAttributes: is empty"]],
  ])("%s", (_, given, faults) => {
    expect(faultsOf({ directory: { ...directory, ...given } })).toEqual(faults);
  });

  test.each([
    "http://dc1.test",
    "ldap://",
    "ldaps://dc1.test/dc=x",
    "ldaps://a b",
    "ldaps://dc1.test:123456",
  ])("%s is no server", (url) => {
    expect(faultsOf({ directory: { ...directory, urls: [url] } })).toEqual([
      expect.stringMatching(/^directory\.urls\[0\]: .* is no server; write ldaps:/),
    ]);
  });
});

describe("webhooks", () => {
  const webhook = { name: "Hook", url: "https://hooks.test/" };
  test("as one is by itself, and shown", () => {
    const settings = settingsOf({ webhooks: [webhook] });
    expect(settings.webhooks).toEqual([
      {
        name: "Hook",
        enabled: true,
        url: "https://hooks.test/",
        events: [expect.objectContaining({ text: "applications" })],
        format: "weir",
        secrets: [],
        authorization: undefined,
        ca: undefined,
        proxy: undefined,
        timeout: 10_000,
        groupWait: 5_000,
        groupInterval: 60_000,
        expirationTimeout: 86_400_000,
        given: {
          url: "https://hooks.test/",
          urlFile: undefined,
          secretFile: undefined,
          authorizationFile: undefined,
          caFile: undefined,
        },
      },
    ]);
    expect(plainSettings(settings)["webhooks"]).toEqual({
      Hook: {
        name: "Hook",
        enabled: true,
        url: "https://hooks.test/",
        urlFile: null,
        secretFile: null,
        authorizationFile: null,
        caFile: null,
        events: ["applications"],
        format: "weir",
        proxy: null,
        timeout: 10_000,
        groupWait: 5_000,
        groupInterval: 60_000,
        expirationTimeout: 86_400_000,
      },
    });
  });

  test("with all there is; nothing secret is shown", () => {
    const settings = settingsOf({
      webhooks: [
        {
          name: "Hook",
          urlFile: "url",
          secretFile: "keys",
          authorizationFile: "secret",
          caFile: "ca.pem",
          proxy: "http://proxy.test:3128",
          events: ["Errors", "20410-20416", "SenderSilent"],
        },
      ],
    });
    expect(settings.webhooks[0]).toMatchObject({
      url: "https://hooks.test/services/T1",
      secrets: [Buffer.alloc(24, 1), Buffer.alloc(64, 2)],
      authorization: "s3cr3t",
      proxy: "http://proxy.test:3128",
    });
    expect(settings.webhooks[0]?.ca).toHaveLength(1);
    const shown = JSON.stringify(plainSettings(settings)["webhooks"]);
    expect(JSON.parse(shown)).toMatchObject({
      Hook: {
        url: null,
        urlFile: "url",
        events: ["Errors", "20410-20416", "SenderSilent"],
        proxy: "http://proxy.test:3128",
      },
    });
    expect(shown).not.toMatch(/T1|s3cr3t|whsec|"secrets"|"ca"/);
  });

  test("a URL shows its place, and a mark of what lets anybody post there", () => {
    const urlOf = (url: string) =>
      (shownOf({ webhooks: [{ ...webhook, url }] }, "webhooks")["Hook"] as PlainSection)["url"];
    expect(urlOf("https://hooks.test/")).toBe("https://hooks.test/");
    const one = urlOf("https://hooks.test/services/T1");
    expect(one).toMatch(/^https:\/\/hooks\.test\/…[0-9a-f]{6}$/);
    expect(urlOf("https://hooks.test/services/T2")).not.toBe(one);
    expect(urlOf("https://hooks.test/?key=T1")).toMatch(/^https:\/\/hooks\.test\/…[0-9a-f]{6}$/);
  });

  const whole = { ...webhook };
  const keys =
    "secretFile: its lines are no keys; each is whsec_ and 24 to 64 bytes in base64, such as: openssl rand -base64 32";
  test.each<[string, object, string[]]>([
    ["no URL", { url: undefined }, ["url: give url or urlFile, one of them"]],
    ["two URLs", { urlFile: "url" }, ["url: give url or urlFile, one of them"]],
    [
      "a URL in a file that is none",
      { url: undefined, urlFile: "odd-url" },
      ["urlFile: its first line is no URL with https (http is for this machine only)"],
    ],
    [
      "a file that is not there",
      { url: undefined, urlFile: "none" },
      ["urlFile: cannot be read: ENOENT: /etc/weir/none"],
    ],
    ["a key that is too short", { secretFile: "short-key" }, [keys]],
    ["a key that is too long", { secretFile: "long-key" }, [keys]],
    ["a key that is none", { secretFile: "secret" }, [keys]],
    ["no key", { secretFile: "empty" }, [keys]],
    ["more keys than are looked at", { secretFile: "four-keys" }, []],
    [
      "an authorization that no header can hold",
      { authorizationFile: "control" },
      ["authorizationFile: holds what cannot stand in a header"],
    ],
    ["no events", { events: [] }, ["events: is empty; it would tell nothing"]],
    [
      "an event that there is none of",
      { events: ["1"] },
      ['events[0]: there is no event "1"; docs/events.md lists them'],
    ],
    ["http to this machine", { url: "http://127.0.0.1:8080/x" }, []],
    ...[
      "https://proxy.test",
      "http://proxy.test/x",
      "http://proxy.test/?x",
      "http://u@proxy.test",
      "proxy.test:3128",
    ].map((proxy): [string, object, string[]] => [
      `the proxy ${proxy}`,
      { proxy },
      [`proxy: ${JSON.stringify(proxy)} is no proxy; write it like http://proxy.contoso.com:3128`],
    ]),
  ])("%s", (_, given, faults) => {
    expect(faultsOf({ webhooks: [{ ...whole, ...given }] })).toEqual(
      faults.map((fault) => `webhooks[0].${fault}`),
    );
  });

  test("fifty of them at most, each of another name", () => {
    const many = (count: number) => Array.from({ length: count }, (_, n) => ({ ...webhook, name: `H${n}` }));
    expect(faultsOf({ webhooks: many(50) })).toEqual([]);
    expect(faultsOf({ webhooks: many(51) })).toEqual(["webhooks: has more than 50 entries"]);
    expect(faultsOf({ webhooks: [webhook, { ...webhook, name: "HOOK" }] })).toEqual([
      'webhooks[1].name: "HOOK" is taken by entry 1 of the list',
    ]);
  });
});

describe("cluster", () => {
  const cluster = { node: "n1", database: { hosts: ["db1.test"], tls: {} } };
  const withDatabase = (given: object) => ({
    cluster: { ...cluster, database: { ...cluster.database, ...given } },
  });
  test("as it is by itself, and with all there is", () => {
    expect(settingsOf({ cluster }).cluster).toEqual({
      node: "n1",
      leaseMs: 10_000,
      drainDelayMs: 10_000,
      forgetAfterMs: 604_800_000,
      database: {
        hosts: [{ host: "db1.test", port: 5432 }],
        name: "weir",
        user: "weir",
        schema: "weir",
        durability: "standby",
        passwordFile: undefined,
        tls: { ca: undefined },
      },
    });
    expect(
      settingsOf(
        withDatabase({
          hosts: ["[::1]:5433", "/run/pg:1"],
          passwordFile: "secret",
          tls: { caFile: "ca.pem" },
        }),
      ).cluster?.database,
    ).toMatchObject({
      hosts: [
        { host: "::1", port: 5433 },
        { host: "/run/pg", port: 1 },
      ],
      passwordFile: "/etc/weir/secret",
      tls: { ca: [expect.stringContaining("BEGIN CERTIFICATE")] },
    });
  });

  const clear = "cluster.database.hosts: mail goes to the database in clear text; database.tls encrypts it";
  test.each<[readonly string[], boolean]>([
    [["db1.test"], true],
    [["localhost", "127.0.0.9", "[::1]", "/run/pg"], false],
    [["localhost", "10.0.0.1"], true],
    [["127.0.0.1.test"], true],
  ])("%j in clear text is warned of: %s", (hosts, isWarned) => {
    const warnings = warningsOf(withDatabase({ hosts, tls: undefined }));
    expect(warnings.includes(clear)).toBe(isWarned);
    expect(warningsOf(withDatabase({ hosts }))).not.toContain(clear);
  });

  test.each<[string, object, RegExp]>([
    ["no host", withDatabase({ hosts: [] }), /^cluster\.database\.hosts: is empty$/],
    ["port 0", withDatabase({ hosts: ["db1:0"] }), /hosts\[0\]: .* is no database server/],
    ["port 65536", withDatabase({ hosts: ["db1:65536"] }), /hosts\[0\]: .* is no database server/],
    ["a host with a space", withDatabase({ hosts: ["db 1"] }), /hosts\[0\]: .* is no database server/],
    ["a schema with capitals", withDatabase({ schema: "Weir" }), /schema: .* is no name for a schema/],
    [
      "a schema that is too long",
      withDatabase({ schema: "x".repeat(64) }),
      /schema: .* is no name for a schema/,
    ],
    ["a node that ends in a dot", { cluster: { ...cluster, node: "n1." } }, /node: .* is no name for a node/],
    [
      "a node of 64 letters",
      { cluster: { ...cluster, node: "x".repeat(64) } },
      /node: .* is no name for a node/,
    ],
    [
      "no node, on a system that says localhost",
      { cluster: { database: cluster.database }, systemName: "localhost.localdomain" },
      /^cluster: node is missing, and the system's host name "localhost.localdomain" is none for it/,
    ],
    [
      "no node, on a system whose name is none for it",
      { cluster: { database: cluster.database }, systemName: "relay_a" },
      /^cluster: node is missing/,
    ],
    ["a password that is not there", withDatabase({ passwordFile: "none" }), /passwordFile: cannot be read/],
  ])("%s", (_, sections, fault) => {
    expect(faultsOf(sections)).toEqual([expect.stringMatching(fault)]);
  });

  test("a node without a name is called as its system", () => {
    const { cluster: given } = settingsOf({
      cluster: { database: cluster.database, forgetAfter: "1h" },
      systemName: "weir-nodes-7f8c9-x2k4p",
    });
    expect(given).toMatchObject({ node: "weir-nodes-7f8c9-x2k4p", forgetAfterMs: 3_600_000 });
    // A name that was given counts, whatever the system is called.
    expect(settingsOf({ cluster, systemName: "localhost" }).cluster?.node).toBe("n1");
  });

  test.each([
    withDatabase({ hosts: ["db1:65535", "DB_1:1"] }),
    withDatabase({ schema: "x".repeat(63) }),
    { cluster: { ...cluster, node: "x".repeat(63) } },
    { cluster: { ...cluster, node: "n" } },
  ])("%j is taken", (sections) => {
    expect(faultsOf(sections)).toEqual([]);
  });
});

describe("what is shown of", () => {
  test("who sends: accounts, keys and applications, without what they prove it by", () => {
    const sections = {
      users: [
        {
          name: "app",
          password:
            "$scrypt$ln=10,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
          messageRateLimit: 5,
        },
      ],
      apiKeys: [
        { name: "Shop", keyHash: `sha256:${"a".repeat(64)}`, expires: "2027-05-01", application: "Shop" },
      ],
      applications: [
        { name: "Shop", owner: "Jo", addresses: ["10.0.0.0/8"], receiveConnectors: ["A"] },
        { name: "Till", users: ["app"], expectedVolumePerDay: 100, priority: "High" },
      ],
    };
    expect(shownOf(sections, "users")).toEqual({
      app: {
        name: "app",
        certificates: [],
        sendAs: null,
        receiveConnectors: null,
        messageRateLimit: 5,
        recipientRateLimit: null,
      },
    });
    expect(shownOf(sections, "apiKeys")).toMatchObject({
      Shop: { name: "Shop", enabled: true, expires: "2027-05-01", application: "Shop", sendAs: null },
    });
    expect(JSON.stringify(shownOf(sections, "apiKeys"))).not.toContain("aaaa");
    expect(shownOf(sections, "applications")).toMatchObject({
      Shop: {
        name: "Shop",
        owner: "Jo",
        contact: null,
        purpose: null,
        addresses: ["10.0.0.0/8"],
        users: [],
        priority: "Normal",
        expectedVolumePerDay: null,
        expectedHours: [],
        certificates: [],
        receiveConnectors: ["A"],
      },
      Till: { owner: null, users: ["app"], expectedVolumePerDay: 100, priority: "High" },
    });
  });

  test("where it listens beside mail", () => {
    const none = plainSettings(settingsOf({}));
    expect(none["admin"]).toEqual({
      console: null,
      cluster: null,
      tls: false,
      tlsCertificateFile: null,
      tlsKeyFile: null,
      allowedHosts: [],
      socketGroup: null,
    });
    expect(none["metrics"]).toMatchObject({ tls: false, bySource: expect.anything() as unknown });
    const tls = { tlsCertificateFile: "a.pem", tlsKeyFile: "a.key" };
    const some = plainSettings(
      settingsOf({
        admin: { console: "127.0.0.1:8090", ...tls },
        metrics: { listen: ["127.0.0.1:9090"], allow: ["127.0.0.0/8"] },
      }),
    );
    expect(some["admin"]).toMatchObject({
      console: "127.0.0.1:8090",
      tls: true,
      tlsCertificateFile: "/etc/weir/a.pem",
      tlsKeyFile: "/etc/weir/a.key",
    });
    expect(some["metrics"]).toMatchObject({ listen: ["127.0.0.1:9090"], allow: ["127.0.0.0/8"], tls: false });
  });

  test("every setting of the transport, also those without a value", () => {
    const shown = plainTransport(settingsOf({}).transport);
    expect(shown["pickupDirectoryPath"]).toBeNull();
    expect(Object.values(shown)).not.toContain(undefined);
    expect(shown["maxConnectionRatePerMinute"]).toBe("unlimited");
  });

  test.each<[Parameters<typeof addressSpaceText>[0], string]>([
    [{ domain: "", subdomains: true, cost: 1 }, "*"],
    [{ domain: "d.test", subdomains: true, cost: 1 }, "*.d.test"],
    [{ domain: "d.test", subdomains: false, cost: 2 }, "d.test;2"],
  ])("an address space %j: %s", (space, text) => {
    expect(addressSpaceText(space)).toBe(text);
    if (space.domain !== "" && space.cost === 1) expect(domainText(space)).toBe(text);
  });
});

describe("places", () => {
  const taken = (sections: object): readonly string[] => faultsOf(sections);
  test.each<[string, object, string[]]>([
    [
      "the console's that is a connector's",
      { admin: { console: "127.0.0.1:2525" } },
      ['admin.console: 127.0.0.1:2525 is taken by receive connector "A"'],
    ],
    [
      "metrics' that are the console's",
      { admin: { console: "127.0.0.1:9090" }, metrics: { listen: ["127.0.0.1:9091", "127.0.0.1:9090"] } },
      ["metrics.listen[1]: 127.0.0.1:9090 is taken by admin.console"],
    ],
    [
      "one of metrics' twice",
      { metrics: { listen: ["127.0.0.1:9090", "127.0.0.1:9090"] } },
      ["metrics.listen[1]: 127.0.0.1:9090 is taken by metrics.listen[0]"],
    ],
    ["any free port, twice", { admin: { console: "127.0.0.1:0" }, metrics: { listen: ["127.0.0.1:0"] } }, []],
  ])("%s", (_, sections, faults) => {
    expect(taken(sections)).toEqual(faults);
  });

  test("directories that other programs have", () => {
    const settings = settingsOf({
      transport: { pickupDirectoryPath: "/srv/pickup", pickupConnector: "A" },
      sendConnectors: [
        ...usual.sendConnectors,
        { name: "Drop", addressSpaces: ["d.test"], dropDirectory: "/srv/drop" },
      ],
    });
    expect(handedOverDirectories(settings)).toEqual(["/srv/drop", "/srv/pickup"]);
  });
});
