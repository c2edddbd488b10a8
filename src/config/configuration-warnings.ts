/** What is legal and probably not meant. */
import type { Endpoint, ReceiveConnectorSettings } from "../core/policy/receive-connector.ts";
import { formatUnlimited } from "../core/units/unlimited.ts";
import { formatDuration } from "../core/units/duration.ts";
import { contains, ipRange, type IpRange, overlap, parseAddress } from "../core/units/ip-range.ts";
import type { Findings, Path } from "./fault.ts";
import { rightsOf } from "../core/policy/relay-permission.ts";
import { grantsRelay, isOpenRelay, takesLogons } from "../core/policy/open-relay.ts";
import type { Settings } from "./settings.ts";

const loopback = ["127.0.0.0/8", "::1"].map(ipRange);
const everybody = ["0.0.0.0/0", "::/0"].map(ipRange);

/** `written` tells which settings the file gives. */
export function checkReceiveConnectorWarnings(
  connector: ReceiveConnectorSettings,
  written: Readonly<Record<string, unknown>>,
  path: Path,
  findings: Findings,
): void {
  if (!connector.enabled) return;
  const warn = (setting: string, message: string): void => findings.warning([...path, setting], message);
  if (isOpenRelay(connector)) {
    const ranges = connector.remoteIpRanges.map((range) => range.text).join(", ");
    warn(
      "remoteIpRanges",
      `this connector relays for the whole Internet: clients from ${ranges} may send to any recipient without logging on; narrow remoteIpRanges`,
    );
  }
  if (connector.anonymousRelay && !connector.permissionGroups.includes("AnonymousUsers")) {
    warn("anonymousRelay", "has no effect without AnonymousUsers in permissionGroups");
  }
  if (!letsAnybodySubmit(connector)) {
    warn(
      "permissionGroups",
      "this connector accepts no mail; AnonymousUsers lets anybody submit, ExchangeUsers those who log on (needs BasicAuth in authMechanism, or httpBindings for API keys), ExchangeServers every client with ExternalAuthoritative",
    );
  }
  const { maxInboundConnection, maxInboundConnectionPerSource, maxInboundConnectionPercentagePerSource } =
    connector;
  const byPercentage = Math.floor((maxInboundConnection * maxInboundConnectionPercentagePerSource) / 100);
  if (
    written["maxInboundConnectionPerSource"] !== undefined &&
    byPercentage < Math.min(maxInboundConnectionPerSource, maxInboundConnection)
  ) {
    warn(
      "maxInboundConnectionPerSource",
      `${formatUnlimited(maxInboundConnectionPerSource)} is never reached: maxInboundConnectionPercentagePerSource, ${maxInboundConnectionPercentagePerSource} % of ${maxInboundConnection}, allows ${Math.max(1, byPercentage)} at most; raise it too`,
    );
  }
}

function letsAnybodySubmit(connector: ReceiveConnectorSettings): boolean {
  const { permissionGroups: groups, authMechanism: auth } = connector;
  return (
    groups.includes("AnonymousUsers") ||
    (groups.includes("ExchangeUsers") && takesLogons(connector)) ||
    (groups.includes("ExchangeServers") && auth.includes("ExternalAuthoritative"))
  );
}

function isForKeysAlone(connector: ReceiveConnectorSettings): boolean {
  return letsAnybodySubmit(connector) && !letsAnybodySubmit({ ...connector, httpBindings: [] });
}

/** For a configuration without faults. */
export function checkConfigurationWarnings(settings: Settings, findings: Findings): void {
  const receive = settings.receiveConnectors.filter((connector) => connector.enabled);
  if (receive.length === 0)
    findings.warning(["receiveConnectors"], "no receive connector is enabled; no mail can come in");
  else if (settings.acceptedDomains.length === 0 && !receive.some(grantsRelay)) {
    findings.warning(
      ["receiveConnectors"],
      "every recipient will be refused: there are no acceptedDomains, and no connector lets its clients relay (anonymousRelay, ExternalAuthoritative, or ExchangeUsers with BasicAuth or API keys)",
    );
  }
  const forEverywhere = settings.sendConnectors.filter(
    ({ enabled, addressSpaces }) => enabled && addressSpaces.some((space) => space.domain === ""),
  );
  if (forEverywhere.length === 0) {
    findings.warning(
      ["sendConnectors"],
      'no enabled send connector has the address space "*"; mail for other domains waits in the unreachable queue',
    );
  } else if (forEverywhere.every(({ restrictions }) => restrictions !== undefined)) {
    findings.warning(
      ["sendConnectors"],
      'every enabled send connector with the address space "*" is for some mail only (senderSpaces, receiveConnectors, applications); other mail, reports among it, waits in the unreachable queue',
    );
  }
  for (const [index, connector] of settings.receiveConnectors.entries()) {
    if (connector.enabled && settings.apiKeys.length === 0 && isForKeysAlone(connector)) {
      findings.warning(
        ["receiveConnectors", index, "httpBindings"],
        "it takes mail of clients with API keys only, and there are none (New-ApiKey)",
      );
    }
    if (
      connector.enabled &&
      connector.authMechanism.includes("BasicAuth") &&
      settings.users.length === 0 &&
      settings.directory === undefined
    ) {
      findings.warning(
        ["receiveConnectors", index, "authMechanism"],
        "BasicAuth is offered, and there are no users who could log on",
      );
    }
  }
  checkRightsWarnings(settings, findings);
  checkCertificateWarnings(settings, findings);
  checkPickupWarnings(settings, findings);
  const { delayNotificationTimeout, messageExpirationTimeout } = settings.transport;
  if (delayNotificationTimeout >= messageExpirationTimeout) {
    findings.warning(
      ["transport", "delayNotificationTimeout"],
      `nobody is told of delays: messages expire after ${formatDuration(messageExpirationTimeout)}, before ${formatDuration(delayNotificationTimeout)} have passed`,
    );
  }
  checkHttpWarnings(settings, findings);
}

/** Rights that name receive connectors which are not there: their owner can send by none of them. */
function checkRightsWarnings(
  { receiveConnectors, users, apiKeys, applications }: Settings,
  findings: Findings,
): void {
  const known = new Set(receiveConnectors.map(({ name }) => name.toLowerCase()));
  for (const [section, owners] of Object.entries({ users, apiKeys, applications })) {
    for (const [index, owner] of owners.entries()) {
      for (const [place, name] of (owner.receiveConnectors ?? []).entries()) {
        if (known.has(name.toLowerCase())) continue;
        findings.warning(
          [section, index, "receiveConnectors", place],
          `there is no receive connector ${name}; there are ${receiveConnectors.map((one) => one.name).join(", ")}`,
        );
      }
    }
  }
}

/** What a connector asks of its clients that a file cannot do. */
function checkPickupWarnings({ receiveConnectors, transport }: Settings, findings: Findings): void {
  const { pickupConnector: name, pickupDirectoryPath, replayDirectoryPath } = transport;
  if (pickupDirectoryPath === undefined && replayDirectoryPath === undefined) return;
  const connector = receiveConnectors.find((one) => one.name.toLowerCase() === name?.toLowerCase());
  if (connector === undefined) return;
  const warn = (why: string): void =>
    findings.warning(["transport", "pickupConnector"], `takes no file: ${connector.name} ${why}`);
  if (connector.requireTls) warn("has requireTls, and a file speaks no TLS");
  if (!rightsOf(connector, { authenticated: false }).submit)
    warn("wants a log-on (no AnonymousUsers in permissionGroups), and a file does not log on");
}

/** A certificate that is named more than once logs on as the first who has it. */
function checkCertificateWarnings({ users, applications }: Settings, findings: Findings): void {
  const owners = new Map<string, string>();
  for (const [section, entries] of Object.entries({ users, applications })) {
    for (const [index, { name, certificates = [] }] of entries.entries()) {
      for (const [place, certificate] of certificates.entries()) {
        const key = certificate.kind === "subject" ? certificate.key : certificate.sha256;
        const first = owners.get(key);
        if (first !== undefined)
          findings.warning(
            [section, index, "certificates", place],
            `is ${first}'s already, and logs on as that one`,
          );
        else owners.set(key, name);
      }
    }
  }
}

function checkHttpWarnings({ admin, metrics, cluster }: Settings, findings: Findings): void {
  if (admin.cluster !== undefined && cluster === undefined)
    findings.warning(["admin", "cluster"], "has no effect without the section cluster");
  if (admin.console !== undefined && admin.tls === undefined && !isLoopback(admin.console)) {
    findings.warning(
      ["admin", "console"],
      "the console speaks HTTP without TLS, and tokens can be read on the way; set admin.tls, listen on 127.0.0.1 and put a proxy with TLS in front, or use an SSH tunnel",
    );
  }
  for (const [index, endpoint] of metrics.listen.entries()) {
    if (isLoopback(endpoint)) continue;
    const path = ["metrics", "listen", index];
    if (
      metrics.allow.every((range) =>
        loopback.some((own) => overlap(range, own) === "inside" || overlap(range, own) === "same"),
      )
    )
      findings.warning(path, "is reached from elsewhere, and metrics.allow answers this host only");
    else if (metrics.allow.some(isEverybody))
      findings.warning(
        path,
        "tells names of connectors, next hops and queues to everybody who can connect; narrow metrics.allow",
      );
  }
}

function isLoopback({ address }: Endpoint): boolean {
  const parsed = parseAddress(address);
  return parsed !== undefined && loopback.some((range) => contains(range, parsed));
}

function isEverybody(range: IpRange): boolean {
  return everybody.some((all) => overlap(range, all) === "same");
}
