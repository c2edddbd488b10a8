/** Log-on against slapd: StartTLS, LDAPS, an own CA, groups, a server that goes and comes. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseConfigValue } from "../../src/config/parse-config.ts";
import type { EventRecord } from "../../src/events/events.ts";
import { createDirectory, type Directory } from "../../src/receive/authentication/directory.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { untilListening } from "../../src/testing/until-listening.ts";

const slapd = "/usr/sbin/slapd";
const hasSlapd = existsSync(slapd) && spawnSync("openssl", ["version"]).status === 0;

const ldif = `dn: dc=contoso,dc=com
objectClass: dcObject
objectClass: organization
o: Contoso
dc: contoso

dn: cn=weir,dc=contoso,dc=com
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: weir
userPassword: search-secret

dn: uid=erp,dc=contoso,dc=com
objectClass: inetOrgPerson
uid: erp
cn: Erp
sn: Erp
mail: erp@contoso.com
title: cn=Senders,  dc=contoso,dc=com
userPassword: erp-secret

dn: uid=star*)(uid=,dc=contoso,dc=com
objectClass: inetOrgPerson
uid: star*)(uid=
cn: Star
sn: Star
userPassword: star-secret

dn: uid=double,dc=contoso,dc=com
objectClass: inetOrgPerson
uid: double
cn: Double
sn: Double
mail: same@contoso.com
userPassword: double-secret

dn: uid=double2,dc=contoso,dc=com
objectClass: inetOrgPerson
uid: double2
cn: Double
sn: Double
mail: same@contoso.com
userPassword: double-secret
`;

describe.skipIf(!hasSlapd)("slapd", () => {
  let folder: string;
  let plainPort: number;
  let tlsPort: number;
  let server: ChildProcess;

  const start = async (): Promise<void> => {
    const urls = `ldap://127.0.0.1:${plainPort} ldaps://127.0.0.1:${tlsPort}`;
    server = spawn(slapd, ["-h", urls, "-f", join(folder, "slapd.conf"), "-d", "0"], { stdio: "ignore" });
    await untilListening(tlsPort);
  };
  const stop = async (): Promise<void> => {
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "weir-slapd-"));
    const openssl = (...args: string[]): void =>
      void execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
    openssl(
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      "key.pem",
      "-out",
      "ca.pem",
      "-subj",
      "/CN=directory",
      "-addext",
      "subjectAltName=IP:127.0.0.1",
      "-days",
      "2",
    );
    await mkdir(join(folder, "db"));
    await writeFile(join(folder, "secret"), "search-secret\n");
    await writeFile(join(folder, "data.ldif"), ldif);
    await writeFile(
      join(folder, "slapd.conf"),
      `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile ${folder}/ca.pem
TLSCertificateKeyFile ${folder}/key.pem
pidfile ${folder}/pid
security simple_bind=128
database mdb
suffix "dc=contoso,dc=com"
directory ${folder}/db
maxsize 10485760
access to attrs=userPassword by anonymous auth by * none
access to * by dn="cn=weir,dc=contoso,dc=com" read by * none
`,
    );
    execFileSync("/usr/sbin/slapadd", ["-f", join(folder, "slapd.conf"), "-l", join(folder, "data.ldif")], {
      stdio: "pipe",
    });
    [plainPort, tlsPort] = [await freePort(), await freePort()];
    await start();
  });
  afterAll(async () => {
    await stop();
    await rm(folder, { recursive: true });
  });

  interface Tried {
    readonly directory: Directory;
    readonly events: EventRecord[];
    readonly clock: ReturnType<typeof createFakeClock>;
  }
  /** As the file would have it. */
  function directoryOf(given: Record<string, unknown> = {}): Tried {
    const parsed = parseConfigValue(
      {
        receiveConnectors: [{ name: "In", bindings: ["127.0.0.1:25"], remoteIpRanges: ["127.0.0.0/8"] }],
        directory: {
          urls: [`ldap://127.0.0.1:${plainPort}`],
          caFile: "ca.pem",
          bindDn: "cn=weir,dc=contoso,dc=com",
          bindPasswordFile: "secret",
          baseDn: "dc=contoso,dc=com",
          userAttributes: ["uid", "mail"],
          groupAttribute: "title",
          groups: [
            { name: "cn=others,dc=contoso,dc=com", messageRateLimit: 1 },
            { name: "CN=Senders,DC=contoso,DC=com", sendAs: ["contoso.com"] },
          ],
          ...given,
        },
      },
      { file: join(folder, "weir.yaml"), hostname: "relay.test" },
    );
    if (!parsed.ok || parsed.settings.directory === undefined) throw new Error(JSON.stringify(parsed));
    const clock = createFakeClock();
    const events: EventRecord[] = [];
    const directory = createDirectory(parsed.settings.directory, {
      clock,
      events: {
        wants: () => true,
        emit: (name, fields) =>
          void events.push({ name, definition: undefined as never, at: clock.wall(), fields: { ...fields } }),
      },
    });
    return { directory, events, clock };
  }
  const tls = (): Record<string, unknown> => ({ urls: [`ldaps://127.0.0.1:${tlsPort}`] });

  test.each<[string, string, string, object]>([
    ["by its name", "erp", "erp-secret", { user: "erp" }],
    ["by its address, called by its name", "ERP@contoso.com", "erp-secret", { user: "erp" }],
    [
      "a wrong password",
      "erp",
      "wrong",
      { denied: "the directory did not take the password", account: "erp" },
    ],
    ["an empty password", "erp", "", { denied: "the password is empty" }],
    ["NUL for a password", "erp", "\0", { denied: "the password holds a NUL" }],
    ["an unknown user", "nobody", "erp-secret", { denied: "the directory has no such user" }],
    ["a star", "*", "erp-secret", { denied: "the directory has no such user" }],
    ["a filter", "erp)(uid=*", "erp-secret", { denied: "the directory has no such user" }],
    ["a name of such characters", "star*)(uid=", "star-secret", { user: "star*)(uid=" }],
    ["NUL", "erp\0", "erp-secret", { denied: "the directory has no such user" }],
    [
      "two of that name",
      "same@contoso.com",
      "double-secret",
      { denied: "the directory has several users of that name" },
    ],
  ])("%s", async (_name, user, password, expected) => {
    for (const given of [{}, tls()])
      expect(await directoryOf(given).directory.authenticate(user, password, "a")).toMatchObject(expected);
  });

  test("a group gives its rights; who has to be in one and is not does not log on", async () => {
    const { directory } = directoryOf({ requireGroup: true });
    expect(await directory.authenticate("erp", "erp-secret", "a")).toMatchObject({
      group: { kind: "group", rights: { sendAs: [{ kind: "addresses", text: "contoso.com" }] } },
    });
    expect(await directory.authenticate("double", "double-secret", "a")).toMatchObject({
      denied: "the user is in none of the groups",
    });
  });

  test.each<[string, () => Record<string, unknown>, RegExp]>([
    ["a certificate of another CA", () => ({ ...tls(), caFile: undefined }), /self-signed certificate/],
    ["a wrong bindDn", () => ({ bindDn: "cn=nobody,dc=contoso,dc=com" }), /bindDn cannot log on/],
    ["a port where nobody listens", () => ({ urls: ["ldaps://127.0.0.1:1"] }), /ECONNREFUSED/],
    ["a base that is not there", () => ({ baseDn: "dc=other,dc=com" }), /./],
  ])("%s is no word on the user: it is told, and the client comes again", async (_name, given, error) => {
    const { directory, events } = directoryOf(given());
    await expect(directory.authenticate("erp", "erp-secret", "a")).rejects.toThrow(
      "no directory server answers",
    );
    await expect(directory.authenticate("erp", "erp-secret", "a")).rejects.toThrow();
    expect(events.map(({ name, fields }) => `${name} ${fields["error"]}`)).toEqual([
      expect.stringMatching(error),
    ]);
    expect(JSON.stringify(events)).not.toMatch(/secret/);
  });

  test("the next server is asked where one does not answer", async () => {
    const { directory, events } = directoryOf({
      urls: ["ldap://127.0.0.1:1", `ldap://127.0.0.1:${plainPort}`],
    });
    expect(await directory.authenticate("erp", "erp-secret", "a")).toMatchObject({ user: "erp" });
    expect(events).toEqual([]);
  });

  test("while it is down, who logged on lately goes on, for so long", async () => {
    const { directory, events, clock } = directoryOf({ keepLogons: "1h" });
    await directory.authenticate("erp", "erp-secret", "a");
    await stop();
    await clock.advance(30 * 60_000);
    expect(await directory.authenticate("erp", "erp-secret", "a")).toMatchObject({ user: "erp" });
    await expect(directory.authenticate("erp", "wrong", "a")).rejects.toThrow();
    await expect(directory.authenticate("double", "double-secret", "a")).rejects.toThrow();
    await clock.advance(31 * 60_000);
    await expect(directory.authenticate("erp", "erp-secret", "a")).rejects.toThrow();
    await start();
    await clock.advance(10_000);
    expect(await directory.authenticate("erp", "erp-secret", "a")).toMatchObject({ user: "erp" });
    expect(events.map(({ name }) => name)).toEqual(["DirectoryUnreachable", "DirectoryReached"]);
  });
});
