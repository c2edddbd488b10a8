/** One parameter of main.cf or one line of master.cf at a time, to the setting it becomes. */
import { describe, expect, test } from "vitest";
import type { ImportedPart } from "../finding.ts";
import { importPostfix, type PostfixImport } from "./import-postfix.ts";

function postfix(mainCf: string, more: Partial<PostfixImport> = {}): readonly ImportedPart[] {
  return importPostfix({
    mainCf,
    masterCf: undefined,
    files: new Map(),
    isReadable: () => true,
    known: [],
    smartHosts: ["next.test"],
    passwordFile: undefined,
    ...more,
  });
}

function settings(
  parts: readonly ImportedPart[],
  name: string,
): Readonly<Record<string, unknown>> | undefined {
  const edit = parts.flatMap(({ edits }) => edits).find((each) => each.kind === "add" && each.name === name);
  return edit?.kind === "add" ? edit.settings : undefined;
}
const told = (parts: readonly ImportedPart[], property: string): string[] => [
  ...new Set(
    parts
      .flatMap(({ findings }) => findings.filter((each) => each.property === property))
      .map(({ outcome }) => outcome),
  ),
];

describe("of smtpd", () => {
  test.each<[string, Record<string, unknown>]>([
    ["", {}],
    ["message_size_limit = 10485760", { maxMessageSize: "10MB" }],
    ["message_size_limit = 0", { maxMessageSize: "2147483647" }],
    ["header_size_limit = 102400", { maxHeaderSize: "100KB" }],
    ["smtpd_recipient_limit = 70", { maxRecipientsPerMessage: 70 }],
    ["hopcount_limit = 40", { maxHopCount: 40 }],
    ["smtpd_hard_error_limit = 17", { maxProtocolErrors: 17 }],
    ["smtpd_error_sleep_time = 2s", { tarpitInterval: "2s" }],
    ["smtpd_timeout = 120", { connectionInactivityTimeout: "2m" }],
    ["smtpd_timeout = 9m", { connectionInactivityTimeout: "9m" }],
    ["smtpd_timeout = 10m", { connectionInactivityTimeout: "10m", connectionTimeout: "1h" }],
    ["smtpd_timeout = 1h", { connectionInactivityTimeout: "1h", connectionTimeout: "1h" }],
    ["smtputf8_enable = no", { smtpUtf8Enabled: false }],
    ["strict_rfc821_envelopes = yes", { strictAddresses: true }],
    ["smtpd_forbid_bare_newline = reject", { bareLinefeedRejectionEnabled: true }],
    ["smtpd_forbid_bare_newline = yes", {}],
    ["default_process_limit = 1", { maxInboundConnection: 1 }],
    ["default_process_limit = 0", {}],
    ["myhostname = mx.a.test", { fqdn: "mx.a.test" }],
    ["inet_interfaces = loopback-only", { bindings: ["127.0.0.1:25", "[::1]:25"] }],
    ["inet_interfaces = localhost\ninet_protocols = ipv4", { bindings: ["127.0.0.1:25"] }],
    ["inet_protocols = ipv6", { bindings: ["[::]:25"] }],
    ["inet_protocols = ipv4", { bindings: ["0.0.0.0:25"] }],
    [
      "inet_interfaces = 192.0.2.1, [2001:db8::1], host.test",
      { bindings: ["192.0.2.1:25", "[2001:db8::1]:25"] },
    ],
    ["inet_interfaces = host.test", { bindings: ["0.0.0.0:25"] }],
    [
      "smtpd_discard_ehlo_keywords = chunking, DSN",
      { chunkingEnabled: false, deliveryStatusNotificationEnabled: false },
    ],
    ["smtpd_discard_ehlo_keywords = 8bitmime", { eightBitMimeEnabled: false }],
    ["smtpd_discard_ehlo_keywords = enhancedstatuscodes", { enhancedStatusCodesEnabled: false }],
    ["smtpd_discard_ehlo_keywords = pipelining", { pipeliningEnabled: false }],
    ["smtpd_discard_ehlo_keywords = smtputf8", { smtpUtf8Enabled: false }],
    ["smtpd_discard_ehlo_keywords = silent-discard", {}],
    ["mynetworks = 10.0.0.0/8", { remoteIpRanges: ["10.0.0.0/8"] }],
    ["smtpd_client_connection_count_limit = 7", {}],
    [
      "smtpd_client_event_limit_exceptions =\nsmtpd_client_connection_count_limit = 7",
      { maxInboundConnectionPerSource: 7 },
    ],
    ["smtpd_client_event_limit_exceptions =", { maxInboundConnectionPerSource: 50 }],
    ["smtpd_client_event_limit_exceptions = $mynetworks", {}],
    [
      "smtpd_client_event_limit_exceptions = 10.0.0.1\nsmtpd_client_connection_count_limit = 0",
      { maxInboundConnectionPerSource: "unlimited" },
    ],
    [
      "smtpd_client_event_limit_exceptions =\nsmtpd_client_message_rate_limit = 30",
      { maxInboundConnectionPerSource: 50, messageRateLimit: 30 },
    ],
    [
      "smtpd_client_event_limit_exceptions =\nsmtpd_client_message_rate_limit = 30\nanvil_rate_time_unit = 1m",
      { maxInboundConnectionPerSource: 50, messageRateLimit: 30 },
    ],
    [
      "smtpd_client_event_limit_exceptions =\nsmtpd_client_message_rate_limit = 30\nanvil_rate_time_unit = 60",
      { maxInboundConnectionPerSource: 50, messageRateLimit: 30 },
    ],
    [
      "smtpd_client_event_limit_exceptions =\nsmtpd_client_message_rate_limit = 30\nanvil_rate_time_unit = 1h",
      { maxInboundConnectionPerSource: 50 },
    ],
    [
      "smtpd_client_event_limit_exceptions =\nsmtpd_client_message_rate_limit = 0",
      { maxInboundConnectionPerSource: 50 },
    ],
    ["smtpd_tls_security_level = none", { authMechanism: ["None"] }],
    ["smtpd_use_tls = no", { authMechanism: ["None"] }],
    ["smtpd_use_tls = yes", { authMechanism: undefined }],
    ["smtpd_tls_security_level = may", { authMechanism: undefined }],
    ["smtpd_enforce_tls = yes", { authMechanism: undefined, requireTls: true }],
    ["smtpd_tls_security_level = encrypt", { authMechanism: undefined, requireTls: true }],
    ["smtpd_use_tls = yes\nsmtpd_tls_security_level =", { authMechanism: ["None"] }],
    [
      "smtpd_sasl_auth_enable = yes",
      { authMechanism: ["BasicAuth"], permissionGroups: ["AnonymousUsers", "ExchangeUsers"] },
    ],
    [
      "smtpd_sasl_auth_enable = yes\nsmtpd_tls_security_level = may\nsmtpd_tls_auth_only = yes",
      {
        authMechanism: ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
        permissionGroups: ["AnonymousUsers", "ExchangeUsers"],
      },
    ],
    [
      "smtpd_sasl_auth_enable = yes\nsmtpd_tls_security_level = may",
      { authMechanism: ["Tls", "BasicAuth"], permissionGroups: ["AnonymousUsers", "ExchangeUsers"] },
    ],
    [
      "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = /c.pem\nsmtpd_tls_key_file = /k.pem",
      { authMechanism: undefined, tlsCertificateFile: "/c.pem", tlsKeyFile: "/k.pem" },
    ],
    [
      "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = /c.pem",
      { authMechanism: undefined, tlsCertificateFile: "/c.pem", tlsKeyFile: "/c.pem" },
    ],
    [
      "smtpd_tls_security_level = may\nsmtpd_tls_chain_files = /c.pem, /d.pem",
      { authMechanism: undefined, tlsCertificateFile: "/c.pem", tlsKeyFile: "/c.pem" },
    ],
    [
      "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = /etc/ssl/ssl-cert-snakeoil.pem",
      { authMechanism: undefined },
    ],
    ["smtpd_tls_cert_file = /c.pem", { authMechanism: ["None"] }],
  ])("%j", (main, expected) => {
    const usual = {
      bindings: ["0.0.0.0:25", "[::]:25"],
      remoteIpRanges: ["127.0.0.0/8", "::1/128"],
      authMechanism: ["None"],
      permissionGroups: ["AnonymousUsers"],
      anonymousRelay: true,
      maxInboundConnectionPerSource: "unlimited",
      maxInboundConnectionPercentagePerSource: 100,
    };
    const wanted = Object.entries({ ...usual, ...expected }).filter(([, value]) => value !== undefined);
    expect(settings(postfix(main), "Postfix")).toEqual(Object.fromEntries(wanted));
  });

  test("a certificate that cannot be read is told", () => {
    const main = "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = /c.pem\nsmtpd_tls_key_file = /k.pem";
    const parts = postfix(main, { isReadable: (path) => path !== "/k.pem" });
    expect(settings(parts, "Postfix")).not.toHaveProperty("tlsCertificateFile");
    expect(told(parts, "smtpd_tls_cert_file")).toEqual(["leftOut"]);
  });

  test.each<[string, string, string[]]>([
    ["clients of mynetworks alone", "", ["Postfix"]],
    ["others, for domains that are accepted", "relay_domains = b.test", ["Postfix", "Postfix (others)"]],
    ["others that log on", "smtpd_sasl_auth_enable = yes", ["Postfix", "Postfix (others)"]],
    ["none but this machine", "relay_domains = b.test\ninet_interfaces = loopback-only", ["Postfix"]],
    [
      "no strangers",
      "relay_domains = b.test\nsmtpd_relay_restrictions = permit_mynetworks, reject",
      ["Postfix"],
    ],
    ["nobody", "smtpd_relay_restrictions = reject", []],
    [
      "only those that log on",
      "smtpd_sasl_auth_enable = yes\nsmtpd_relay_restrictions = permit_sasl_authenticated, reject",
      ["Postfix"],
    ],
  ])("a connector for %s", (_, main, names) => {
    const parts = postfix(main);
    const added = parts.flatMap(({ edits }) =>
      edits.flatMap((edit) =>
        edit.kind === "add" && edit.section === "receiveConnectors" ? [edit.name] : [],
      ),
    );
    expect(added).toEqual(names);
    if (names.length === 0) expect(parts[0]?.skipped).toMatch(/./);
  });

  test("others come from anywhere, with limits per client, and users have to be made", () => {
    const parts = postfix("relay_domains = b.test\nsmtpd_sasl_auth_enable = yes");
    expect(settings(parts, "Postfix (others)")).toEqual({
      bindings: ["0.0.0.0:25", "[::]:25"],
      remoteIpRanges: ["0.0.0.0/0", "::/0"],
      authMechanism: ["BasicAuth"],
      permissionGroups: ["AnonymousUsers", "ExchangeUsers"],
      maxInboundConnectionPerSource: 50,
      maxInboundConnectionPercentagePerSource: 100,
    });
    expect(parts.flatMap(({ toDo }) => toDo).map(({ command }) => command)).toEqual([
      "weir New-User NAME",
      "weir New-User NAME",
    ]);
  });

  test.each<[string, string, object | undefined]>([
    [
      "Postfix 2525",
      "2525 inet n - y - 30 smtpd",
      { bindings: ["0.0.0.0:2525", "[::]:2525"], maxInboundConnection: 30 },
    ],
    ["Postfix 10.0.0.1:smtp", "10.0.0.1:smtp inet n - y - - smtpd", { bindings: ["10.0.0.1:25"] }],
    [
      "Postfix submission",
      "submission inet n - y - - smtpd -o mynetworks=10.1.0.0/16",
      { remoteIpRanges: ["10.1.0.0/16"] },
    ],
    ["Postfix smtps", "smtps inet n - y - - smtpd", undefined],
    ["Postfix 26", "26 inet n - y - - smtpd -o smtpd_tls_wrappermode=yes", undefined],
  ])("%s of %j", (name, masterCf, expected) => {
    const parts = postfix("", { masterCf });
    if (expected === undefined)
      expect(parts.find(({ title }) => title.endsWith(name))?.skipped).toMatch(/TLS/);
    else expect(settings(parts, name)).toMatchObject(expected);
  });
});

describe("of smtp", () => {
  const account = new Map([["/sasl", "[mx.b.test]:587 app:pass\n[none.test] x:y"]]);
  test.each<[string, Record<string, unknown>]>([
    ["relayhost = [mx.b.test]", { smartHosts: ["mx.b.test:25"] }],
    ["relayhost = b.test", { smartHosts: ["b.test:25"] }],
    ["relayhost =", { smartHosts: ["next.test"] }],
    ["", { smartHosts: ["next.test"] }],
    ["smtp_helo_name = out.a.test", { smartHosts: ["next.test"], fqdn: "out.a.test" }],
    ["smtp_destination_concurrency_limit = 7", { smartHosts: ["next.test"], maxConcurrentConnections: 7 }],
    [
      "default_destination_concurrency_limit = 0",
      { smartHosts: ["next.test"], maxConcurrentConnections: "unlimited" },
    ],
    ["smtp_destination_recipient_limit = 17", { smartHosts: ["next.test"], maxRecipientsPerTransaction: 17 }],
    [
      "default_destination_recipient_limit = 18",
      { smartHosts: ["next.test"], maxRecipientsPerTransaction: 18 },
    ],
    ["smtp_connection_reuse_count_limit = 5", { smartHosts: ["next.test"], smtpMaxMessagesPerConnection: 5 }],
    ["smtp_tls_security_level = none", { smartHosts: ["next.test"], ignoreStartTls: true }],
    ["smtp_tls_security_level = may", { smartHosts: ["next.test"] }],
    ["smtp_tls_security_level = dane", { smartHosts: ["next.test"] }],
    ["smtp_tls_security_level = encrypt", { smartHosts: ["next.test"], requireTls: true }],
    ["smtp_tls_security_level = dane-only", { smartHosts: ["next.test"], requireTls: true }],
    ["smtp_enforce_tls = yes", { smartHosts: ["next.test"], requireTls: true }],
    ["smtp_use_tls = yes", { smartHosts: ["next.test"] }],
    [
      "relayhost = [mx.b.test]\nsmtp_tls_security_level = secure",
      {
        smartHosts: ["mx.b.test:25"],
        requireTls: true,
        tlsAuthLevel: "DomainValidation",
        tlsDomain: "mx.b.test",
      },
    ],
    [
      "relayhost = [192.0.2.1]\nsmtp_tls_security_level = verify",
      { smartHosts: ["[192.0.2.1]:25"], requireTls: true },
    ],
    [
      "relayhost = [2001:db8::1]\nsmtp_tls_security_level = verify",
      { smartHosts: ["[2001:db8::1]:25"], requireTls: true },
    ],
    [
      "relayhost = [mx.b.test]:587\nsmtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = hash:/sasl",
      { smartHosts: ["mx.b.test:587"], enabled: false },
    ],
    ["relayhost = [mx.b.test]:587\nsmtp_sasl_password_maps = hash:/sasl", { smartHosts: ["mx.b.test:587"] }],
    [
      "relayhost = [mx.b.test]:587\nsmtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = hash:/lost",
      { smartHosts: ["mx.b.test:587"], enabled: false },
    ],
    [
      "relayhost = [other.test]\nsmtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = hash:/sasl",
      { smartHosts: ["other.test:25"] },
    ],
  ])("%j", (main, expected) => {
    expect(settings(postfix(main, { files: account }), "Relayhost")).toEqual({
      addressSpaces: ["*"],
      ...expected,
    });
  });

  test.each([
    ["", "BasicAuthRequireTLS"],
    ["\nsmtp_tls_security_level = none", "BasicAuth"],
  ])("the log-on of a connector, with its password in a file%j", (more, mechanism) => {
    const main = `relayhost = [mx.b.test]:587\nsmtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = hash:/sasl${more}`;
    const parts = postfix(main, { files: account, passwordFile: "p" });
    expect(settings(parts, "Relayhost")).toMatchObject({
      smartHostAuthMechanism: mechanism,
      authenticationCredential: { userName: "app", passwordFile: "p" },
    });
    expect(parts.flatMap(({ toDo }) => toDo)).toEqual([]);
    const without = postfix(main, { files: account });
    expect(without.flatMap(({ toDo }) => toDo)[0]?.command).toBe(
      `weir Set-SendConnector Relayhost -SmartHostAuthMechanism ${mechanism} -AuthenticationCredential "@{UserName='app';PasswordFile='FILE'}" -Enabled true`,
    );
  });

  test("an account that cannot be read has no password file either", () => {
    const main = "relayhost = [mx.b.test]\nsmtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = hash:/lost";
    const parts = postfix(main, { passwordFile: "p" });
    expect(settings(parts, "Relayhost")).toMatchObject({ enabled: false });
    expect(parts.flatMap(({ toDo }) => toDo)[0]?.command).toContain("UserName='NAME'");
  });

  test("no next hop at all is delivery by MX record, with so many connections to each domain", () => {
    const parts = postfix("smtp_destination_concurrency_limit = 7", { smartHosts: undefined });
    expect(settings(parts, "Internet")).toEqual({
      addressSpaces: ["*"],
      dnsRoutingEnabled: true,
      maxPerDomainOutboundConnections: 7,
    });
    expect(told(parts, "relayhost")).toEqual(["carriedOver"]);
  });

  test.each([["one that cannot be taken", "relayhost = [mx.b.test]:465", ["next.test"]]])(
    "%s is told",
    (_, main, smartHosts) => {
      const part = postfix(main, { smartHosts }).find(({ title }) => title.endsWith("Relayhost"));
      expect(part).toMatchObject({
        edits: [],
        findings: [],
        toDo: [],
        skipped: expect.stringMatching(/./) as string,
      });
    },
  );

  test("TLS from the first octet is told, other things of TLS as they are", () => {
    expect(told(postfix("smtp_tls_wrappermode = yes"), "smtp_tls_wrappermode")).toEqual(["leftOut"]);
    expect(told(postfix("smtp_tls_wrappermode = no"), "smtp_tls_wrappermode")).toEqual([]);
    const outcomes = ["", "may", "dane", "none", "encrypt"].map(
      (level) => told(postfix(`smtp_tls_security_level = ${level}`), "smtp_tls_security_level")[0],
    );
    expect(outcomes).toEqual(["differs", "default", "differs", "carriedOver", "carriedOver"]);
  });

  test("routes by next hop, and what is none", () => {
    const table = [
      "b.test smtp:[mx.b.test]",
      ".b.test relay:[mx.b.test]:25",
      "c.test :[mx.b.test]",
      ".d.test smtp:[10.0.0.1]",
      "* smtp:[mx.all.test]",
      "e.test local:",
      "f.test smtp:",
      "user@g.test smtp:[mx.b.test]",
      "h.test smtp:[mx.b.test]:465",
    ].join("\n");
    const parts = postfix("transport_maps = hash:/t, hash:/lost", { files: new Map([["/t", table]]) });
    expect(settings(parts, "To b.test")).toEqual({
      addressSpaces: ["b.test", "*.b.test", "c.test"],
      smartHosts: ["mx.b.test:25"],
    });
    expect(settings(parts, "To d.test")).toEqual({
      addressSpaces: ["*.d.test"],
      smartHosts: ["[10.0.0.1]:25"],
    });
    expect(settings(parts, "To mx.all.test")).toEqual({
      addressSpaces: ["*"],
      smartHosts: ["mx.all.test:25"],
    });
    const lost = parts.find(({ title }) => title === "Routes of transport_maps");
    expect(lost?.findings.map(({ value }) => value.split(" ")[0])).toEqual([
      "hash:/lost",
      "e.test",
      "f.test",
      "user@g.test",
      "h.test",
    ]);
    expect(
      postfix("transport_maps = hash:/t", { files: new Map([["/t", "b.test smtp:[mx.b.test]"]]) }).map(
        ({ title }) => title,
      ),
    ).not.toContain("Routes of transport_maps");
  });
});

describe("of the relay as a whole", () => {
  const whole = (main: string, more: Partial<PostfixImport> = {}): ImportedPart =>
    postfix(main, more).at(-1)!;
  test.each<[string, object[]]>([
    ["", []],
    [
      "maximal_queue_lifetime = 3",
      [{ kind: "setSection", section: "transport", settings: { messageExpirationTimeout: "3d" } }],
    ],
    [
      "bounce_size_limit = 70000",
      [{ kind: "setSection", section: "transport", settings: { dsnMaxMessageAttachSize: 70_000 } }],
    ],
    [
      "delay_warning_time = 2",
      [{ kind: "setSection", section: "transport", settings: { delayNotificationTimeout: "2h" } }],
    ],
    ["delay_warning_time = 0h", []],
    [
      "relay_domains = b.test, .c.test, B.test",
      [{ kind: "changeList", section: "acceptedDomains", remove: [], add: ["*.b.test", "*.c.test"] }],
    ],
    [
      "myhostname = mx.a.test\nmydestination = $myhostname, localhost, localhost.a.test, localhost.localdomain, MX, a.test",
      [{ kind: "changeList", section: "acceptedDomains", remove: [], add: ["a.test"] }],
    ],
    ["mydestination = b_test%", []],
  ])("%j", (main, edits) => {
    expect(whole(main).edits).toEqual(edits);
  });

  test("domains that are there already are not added again", () => {
    expect(whole("relay_domains = b.test", { known: ["*.B.test"] }).edits).toEqual([]);
  });

  test.each<[string, string, string]>([
    ["biff = no", "biff", "nothing"],
    ["always_bcc = x@a.test", "always_bcc", "leftOut"],
    ["some_thing = x", "some_thing", "leftOut"],
    ["myorigin = a.test", "myorigin", "leftOut"],
    ["delay_warning_time = 0", "delay_warning_time", "differs"],
    ["relay_domains = hash:/lost", "relay_domains", "leftOut"],
    ["relay_domains = %%", "relay_domains", "leftOut"],
    ["relay_domains = b.test", "relay_domains", "carriedOver"],
    ["mydestination = b.test", "mydestination", "differs"],
    ["bounce_size_limit = 70000", "bounce_size_limit", "differs"],
  ])("%j: %s is %s", (main, property, outcome) => {
    expect(told([whole(main)], property)).toEqual([outcome]);
  });

  test("what has a place of its own is not told again", () => {
    const main =
      "relayhost = [a.test]\nmynetworks = 10.0.0.1\nrelay_domains = b.test\nmaximal_queue_lifetime = 3";
    expect(whole(main).findings.map(({ property }) => property)).toEqual([
      "maximal_queue_lifetime",
      "delay_warning_time",
      "relay_domains",
    ]);
  });

  test.each([
    "relayhost",
    "sender_dependent_relayhost_maps",
    "smtp_fallback_relay",
    "fallback_relay",
    "transport_maps",
    "smtp_enforce_tls",
    "smtp_sasl_auth_enable",
    "smtp_sasl_password_maps",
    "smtp_sasl_security_options",
    "smtp_sasl_tls_security_options",
    "smtp_tls_security_level",
    "smtp_tls_wrappermode",
    "smtp_use_tls",
  ])("%s ends in connectors: of the relay as a whole nothing is left out", (name) => {
    expect(told([whole(`${name} = no`)], name)).toEqual([]);
  });
});

describe("by sender, and a second way", () => {
  const table = (...lines: readonly string[]) => ({
    files: new Map([["/etc/postfix/senders", `${lines.join("\n")}\n`]]),
  });
  const main = "relayhost = [out.test]:587\nsender_dependent_relayhost_maps = hash:/etc/postfix/senders";

  test("each next hop is a connector for its senders, asked before relayhost", () => {
    const parts = postfix(
      main,
      table("@a.test [ses.test]:587", "<> [ses.test]:587", "@b.test [ses.test]:587"),
    );
    expect(settings(parts, "From a.test")).toMatchObject({
      addressSpaces: ["*"],
      senderSpaces: ["a.test", "<>", "b.test"],
      smartHosts: ["ses.test:587"],
    });
  });

  test("addresses come before their domains, as Postfix looks them up", () => {
    const parts = postfix(main, table("@a.test [domain.test]", "bill@a.test smtp:[bill.test]:2525"));
    expect(settings(parts, "From bill@a.test")).toMatchObject({
      addressSpaces: ["*"],
      smartHosts: ["bill.test:2525"],
    });
    expect(settings(parts, "From a.test")).toMatchObject({ addressSpaces: ["*;2"] });
    expect(settings(parts, "Relayhost")).toMatchObject({ addressSpaces: ["*;3"] });
  });

  test("what cannot be carried over is told", () => {
    const parts = postfix(main, table("bill@a.test DUNNO", "@a.test [h.test]:x", "*@b.test [h.test]"));
    expect(told(parts, "sender_dependent_relayhost_maps")).toEqual(["leftOut"]);
    expect(told(postfix(main), "sender_dependent_relayhost_maps")).toEqual(["leftOut"]);
  });

  test("smtp_fallback_relay takes over from every other", () => {
    const parts = postfix(
      `${main}\nsmtp_fallback_relay = [one.test], [two.test]:2525`,
      table("@a.test [ses.test]"),
    );
    expect(settings(parts, "Fallback")).toMatchObject({
      addressSpaces: ["*;100"],
      smartHosts: ["one.test:25", "two.test:2525"],
    });
    expect(settings(parts, "Fallback")).not.toHaveProperty("fallbackConnector");
    for (const name of ["Relayhost", "From a.test"])
      expect(settings(parts, name)).toMatchObject({ fallbackConnector: "Fallback", fallbackAfter: "0s" });
    expect(told(parts, "smtp_fallback_relay")).toEqual(["differs"]);
  });
});
