/** Settings as plain JSON, in the shape of the configuration file: what the admin API shows and compares. */
import { createHash } from "node:crypto";
import type { Application } from "../core/policy/application.ts";
import type { ApiKey } from "../core/authentication/api-key.ts";
import type { AddressRewriteEntry } from "../core/policy/address-rewriting.ts";
import type { ClientRights } from "../core/policy/client-rights.ts";
import type { DirectorySettings } from "../core/authentication/directory-settings.ts";
import type { AcceptedDomain } from "../core/policy/accepted-domain.ts";
import type { ReceiveConnectorSettings } from "../core/policy/receive-connector.ts";
import type { AddressSpace, SendConnectorSettings } from "../core/policy/send-connector.ts";
import { configuredLimit } from "../core/policy/report-only.ts";
import { senderSpaceText } from "../core/policy/send-restrictions.ts";
import type { WebhookSettings } from "../core/webhooks/webhook-settings.ts";
import type { DkimKey } from "../dkim/dkim-settings.ts";
import { formatEndpoint } from "../core/units/endpoint.ts";
import type { Plain } from "./edit-value.ts";
import { transportSchema } from "./transport-schema.ts";
import type { HttpTls, Settings, UserSettings } from "./settings.ts";

export type PlainSection = Readonly<Record<string, Plain>>;

/** Durations in milliseconds, sizes in octets, `unlimited` as that word, null for none. Limits as the file has them. */
export function plainReceiveConnector({ watched, ...connector }: ReceiveConnectorSettings): PlainSection {
  const { reportOnly = [], candidate, learnUntil } = connector;
  const configured = reportOnly.map((limit) => [limit, configuredLimit({ ...connector, watched }, limit)]);
  return {
    ...plainValues({
      ...connector,
      ...Object.fromEntries(configured),
      reportOnly,
      candidate: candidate === undefined ? null : plainValues(candidate),
      learnUntil: learnUntil === undefined ? null : new Date(learnUntil).toISOString().replace(".000Z", "Z"),
      bindings: [],
      implicitTlsBindings: [],
      httpBindings: [],
      remoteIpRanges: [],
    }),
    bindings: connector.bindings.map(formatEndpoint),
    httpBindings: connector.httpBindings.map(formatEndpoint),
    implicitTlsBindings: connector.implicitTlsBindings.map(formatEndpoint),
    remoteIpRanges: connector.remoteIpRanges.map(({ text }) => text),
  };
}

/** Without anything secret: passwords, keys, what tokens are had by. */
export function plainSendConnector({
  restrictions,
  fallback,
  ...connector
}: SendConnectorSettings): PlainSection {
  return {
    ...plainByKind(connector),
    senderSpaces: restrictions?.senderSpaces.map(senderSpaceText) ?? [],
    receiveConnectors: restrictions?.receiveConnectors ?? [],
    applications: restrictions?.applications ?? [],
    fallbackConnector: fallback?.connector ?? null,
    fallbackAfter: fallback?.afterMs ?? null,
    fallbackMayWeakenTls: fallback?.mayWeakenTls ?? false,
  };
}

function plainByKind(connector: SendConnectorSettings): PlainSection {
  const addressSpaces = connector.addressSpaces.map(addressSpaceText);
  if (connector.kind === "drop") {
    const { kind: _, ...settings } = connector;
    return { ...plainValues({ ...settings, addressSpaces: [] }), addressSpaces };
  }
  if (connector.kind === "graph") {
    const { kind: _, oauth, senderMailboxes, ...settings } = connector;
    return {
      ...plainValues({ ...settings, addressSpaces: [] }),
      addressSpaces,
      oauth: oauth.shown,
      senderMailboxes,
    };
  }
  const {
    kind,
    maxConcurrentConnections,
    siteMessageRateLimit,
    mtaSts,
    mxAddressLimit,
    mxSessionLimit,
    mxAllowPrivateHosts,
    authenticationCredential: credential,
    oauth,
    tlsClient,
    tlsCa,
    senderMailboxes,
    errorPolicies,
    customFailures,
    ...settings
  } = connector;
  return {
    ...plainValues({ ...settings, addressSpaces: [], smartHosts: [] }),
    addressSpaces,
    dnsRoutingEnabled: kind === "dns",
    ...plainValues(
      kind === "dns"
        ? {
            maxPerDomainOutboundConnections: maxConcurrentConnections,
            siteMessageRateLimit,
            mtaSts,
            mxAddressLimit,
            mxSessionLimit,
            mxAllowPrivateHosts,
          }
        : { maxConcurrentConnections },
    ),
    smartHosts: connector.smartHosts.map(({ host, port }) =>
      formatEndpoint({ address: host, port }).replace(/^([\d.]+):/, "[$1]:"),
    ),
    tlsCertificateFile: tlsClient?.tlsCertificateFile ?? null,
    tlsKeyFile: tlsClient?.tlsKeyFile ?? null,
    tlsCaFile: tlsCa?.tlsCaFile ?? null,
    authenticationCredential: credential === undefined ? null : { userName: credential.userName },
    oauth: oauth === undefined ? null : oauth.shown,
    senderMailboxes,
    errorPolicies: errorPolicies.length === 0 ? ["Default"] : errorPolicies,
    customFailures: customFailures.map(({ text }) => text),
  };
}

/** Null: not limited. */
export function plainRights(rights: ClientRights): PlainSection {
  const { sendAs, receiveConnectors, messageRateLimit, recipientRateLimit } = rights;
  return {
    sendAs: sendAs?.map(({ text }) => text) ?? null,
    receiveConnectors: receiveConnectors ?? null,
    messageRateLimit: limitOf(messageRateLimit),
    recipientRateLimit: limitOf(recipientRateLimit),
  };
}

function limitOf(value: number | undefined): Plain {
  return value === Infinity ? "unlimited" : (value ?? null);
}

/** Without bindDn's password. */
function plainDirectory(directory: DirectorySettings): PlainSection {
  const { bindPassword: _, ca, groups, ...settings } = directory;
  return {
    ...plainValues(settings),
    ownCa: ca !== undefined,
    groups: byName(groups, plainRights),
  };
}

/** Without its password. */
export function plainUser(user: UserSettings): PlainSection {
  return {
    name: user.name,
    certificates: (user.certificates ?? []).map(({ text }) => text),
    ...plainRights(user),
  };
}

/** Without its hash. */
export function plainApiKey(key: ApiKey): PlainSection {
  const { name, enabled, expires, application } = key;
  return {
    name,
    enabled,
    expires: expires === undefined ? null : new Date(expires).toISOString().replace("T00:00:00.000Z", ""),
    application: application ?? null,
    ...plainRights(key),
  };
}

export function plainApplication(application: Application): PlainSection {
  const { name, owner, purpose, contact, addresses, users, priority } = application;
  return {
    name,
    owner: owner ?? null,
    contact: contact ?? null,
    purpose: purpose ?? null,
    addresses: addresses.map(({ text }) => text),
    users,
    priority: priority ?? null,
    expectedVolumePerDay: application.expectedVolumePerDay ?? null,
    expectedHours: (application.expectedHours ?? []).map(({ text }) => text),
    certificates: (application.certificates ?? []).map(({ text }) => text),
    ...plainRights(application),
  };
}

export function plainAddressRewriteEntry(entry: AddressRewriteEntry): PlainSection {
  return {
    ...entry,
    internalAddress: entry.internalAddress.text,
    externalAddress: entry.externalAddress.text,
    exceptionList: entry.exceptionList.map(domainText),
  };
}

export function plainDkimKey({ name, keyFile, state }: DkimKey): PlainSection {
  return { name, keyFile, state };
}

/** What is secret in a URL is left out. */
export function plainWebhook(webhook: WebhookSettings): PlainSection {
  const { given, secrets: _, authorization: _a, ca: _c, proxy, events, url: _u, ...settings } = webhook;
  return {
    ...settings,
    events: events.map(({ text }) => text),
    proxy: proxy ?? null,
    ...plainValues(given),
    url: given.url === undefined ? null : shownUrl(given.url),
  };
}

/** Path and query let anybody post there who knows them; a mark in their place tells whether they are others. */
function shownUrl(text: string): string {
  const { origin, pathname, search } = new URL(text);
  if (pathname === "/" && search === "") return text;
  const mark = createHash("sha256").update(text).digest("hex").slice(0, 6);
  return `${origin}/…${mark}`;
}

/** Every setting, also those without a value: null. */
export function plainTransport(transport: Settings["transport"]): PlainSection {
  const none = Object.fromEntries(Object.keys(transportSchema.shape).map((name) => [name, undefined]));
  return plainValues({ ...none, ...transport });
}

/** The whole; lists of named things are sections by name. Password hashes are left out. */
export function plainSettings(settings: Settings): PlainSection {
  const { admin, metrics } = settings;
  return {
    hostname: settings.hostname,
    dataDirectory: settings.dataDirectory,
    requirePersistentSpool: settings.requirePersistentSpool,
    receiveConnectors: byName(settings.receiveConnectors, plainReceiveConnector),
    sendConnectors: byName(settings.sendConnectors, plainSendConnector),
    acceptedDomains: settings.acceptedDomains.map(domainText),
    addressRewriteEntries: byName(settings.addressRewriteEntries, plainAddressRewriteEntry),
    tokenIssuers: byName(settings.tokenIssuers, (issuer) => plainValues(issuer)),
    directory: settings.directory === undefined ? null : plainDirectory(settings.directory),
    users: byName(settings.users, plainUser),
    apiKeys: byName(settings.apiKeys, plainApiKey),
    applications: byName(settings.applications, plainApplication),
    proxyProtocolFrom: settings.proxyProtocolFrom.map(({ text }) => text),
    transport: plainTransport(settings.transport),
    dkimKeys: byName(settings.dkim.keys, plainDkimKey),
    webhooks: byName(settings.webhooks, plainWebhook),
    dkim: plainValues({ ...settings.dkim, keys: [] }),
    diagnostics: { levels: settings.diagnostics.levels },
    logging: { ...settings.logging, syslog: settings.logging.syslog?.text ?? null },
    admin: {
      console: admin.console === undefined ? null : formatEndpoint(admin.console),
      cluster: admin.cluster === undefined ? null : formatEndpoint(admin.cluster),
      ...plainTls(admin.tls),
      allowedHosts: admin.allowedHosts,
      socketGroup: admin.socketGroup ?? null,
    },
    metrics: {
      listen: metrics.listen.map(formatEndpoint),
      allow: metrics.allow.map(({ text }) => text),
      ...plainTls(metrics.tls),
      bySource: metrics.bySource,
    },
  };
}

function plainTls(tls: HttpTls | undefined): PlainSection {
  return {
    tls: tls !== undefined,
    tlsCertificateFile: tls?.tlsCertificateFile[0] ?? null,
    tlsKeyFile: tls?.tlsKeyFile[0] ?? null,
  };
}

export interface SettingChange {
  /** `receiveConnectors.AppRelay.tarpitInterval` */
  readonly setting: string;
  /** Null: none, or not there. */
  readonly before: Plain;
  readonly after: Plain;
}

/** Section by section, setting by setting; lists are one value. */
export function settingChanges(before: PlainSection, after: PlainSection, prefix = ""): SettingChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => {
    const [from, to] = [before[key] ?? null, after[key] ?? null];
    const setting = prefix === "" ? key : `${prefix}${step(key)}`;
    if (isSection(from) && isSection(to)) return settingChanges(from, to, setting);
    return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ setting, before: from, after: to }];
  });
}

/** A key that is an address or a pattern is set apart, as in the paths of faults. */
const step = (key: string): string => (/[@*<]/.test(key) ? `[${JSON.stringify(key)}]` : `.${key}`);

function isSection(value: Plain): value is PlainSection {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** For values that are numbers, words, flags or lists of words already. */
function plainValues(values: object): PlainSection {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]: [string, Plain | undefined]) => [
      key,
      value === Infinity ? "unlimited" : (value ?? null),
    ]),
  );
}

function byName<Item extends { readonly name: string }>(
  items: readonly Item[],
  plain: (item: Item) => PlainSection,
): PlainSection {
  return Object.fromEntries(items.map((item) => [item.name, plain(item)]));
}

export function addressSpaceText({ domain, subdomains, cost }: AddressSpace): string {
  const space = domain === "" ? "*" : subdomains ? `*.${domain}` : domain;
  return cost === 1 ? space : `${space};${cost}`;
}

/** `contoso.com`, or `*.contoso.com`. */
export function domainText({ domain, subdomains }: AcceptedDomain): string {
  return subdomains ? `*.${domain}` : domain;
}
