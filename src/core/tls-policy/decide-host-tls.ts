/**
 * What TLS with one mail host must be like, from all that is known. The order: what the connector's settings demand always
 * holds; then what the message demands; DANE before MTA-STS; else TLS where it works. Sources: RFC 7672, RFC 8461, RFC 8689.
 */
import { isTlsNeeded } from "../policy/tls-needed.ts";
import { fitsMxPattern } from "./mx-pattern.ts";
import {
  anyCertificate,
  bothDemands,
  type CertificateDemand,
  type HostTls,
  type TlsBarred,
  type TlsDemand,
  type TlsLevel,
  type WatchedPolicy,
} from "./tls-demand.ts";
import type { DestinationFacts, HostFacts, MessageTls, TlsaFact, TlsSettings } from "./tls-facts.ts";
import { isUsableTlsa } from "./tlsa-records.ts";
import type { ReportedPolicy, TlsFault } from "./tls-result.ts";

/** While it is put together. */
interface Draft {
  level: TlsLevel;
  isRequired: boolean;
  certificate: CertificateDemand;
  serverName: string;
  tlsaFound: readonly TlsaFact[];
  readonly reasons: string[];
  readonly watched: WatchedPolicy[];
}

/** `message`: undefined for one that demands nothing. */
export function decideHostTls(
  settings: TlsSettings,
  destination: DestinationFacts,
  host: HostFacts,
  message: MessageTls | undefined,
): HostTls {
  const draft = ownDemand(settings, host.name);
  const strict = message === "required" && settings.requireTlsPolicy !== "opportunistic";
  if (draft.level === "clear")
    return strict ? barred(true, `${host.name} is spoken to in clear text: ignoreStartTls`) : finished(draft);
  const bar =
    message === "optional"
      ? undefined
      : (addDane(draft, destination, host) ?? addSts(draft, destination, host));
  if (bar !== undefined) return bar;
  if (message === "optional" && !draft.isRequired) draft.reasons.push("the message says TLS-Required: No");
  return (strict ? addRequireTls(draft, settings, destination, host) : undefined) ?? finished(draft);
}

/** REQUIRETLS must be offered by the peer for this message to go there. */
export function needsRequireTlsOffer(
  { requireTlsPolicy }: Pick<TlsSettings, "requireTlsPolicy">,
  message: MessageTls | undefined,
): boolean {
  return message === "required" && requireTlsPolicy === "enforce";
}

function ownDemand(settings: TlsSettings, host: string): Draft {
  const { tlsAuthLevel, tlsDomain } = settings;
  const common = { serverName: tlsDomain ?? host, tlsaFound: [], watched: [] };
  if (settings.ignoreStartTls && !settings.implicitTls)
    return {
      level: "clear",
      isRequired: false,
      certificate: anyCertificate,
      reasons: ["ignoreStartTls"],
      ...common,
    };
  const certificate: CertificateDemand = {
    isTrusted: tlsAuthLevel !== "EncryptionOnly",
    names: tlsAuthLevel === "DomainValidation" ? [tlsDomain ?? host] : [],
    // As Exchange does: certificates of a company's own issuers may have a common name alone.
    byAlternativeName: false,
    tlsa: undefined,
  };
  const isRequired = settings.implicitTls || isTlsNeeded(settings);
  if (!isRequired) return { level: "opportunistic", isRequired, certificate, reasons: [], ...common };
  const told = tlsAuthLevel === "EncryptionOnly" ? "with any certificate" : tlsAuthLevel;
  return {
    level: "required",
    isRequired,
    certificate,
    reasons: [`by the connector's settings, ${told}`],
    ...common,
  };
}

/** RFC 7672 §2.2: what cannot be found out is never taken for none. */
function addDane(
  draft: Draft,
  { names }: DestinationFacts,
  { name, dane }: HostFacts,
): TlsBarred | undefined {
  if (dane.kind === "unknown") {
    const detail = `the TLSA records of ${name} cannot be found out: ${dane.detail}`;
    return barred(false, detail, { policy: "tlsa", fault: "dnssec-invalid" });
  }
  if (dane.kind !== "found") return undefined;
  const { baseDomain } = dane;
  const records = dane.records.filter(isUsableTlsa);
  draft.isRequired = true;
  draft.tlsaFound = dane.records;
  if (draft.certificate.names.length === 0) draft.serverName = baseDomain;
  if (records.length > 0) {
    const hostNames = [...new Set([baseDomain, name])];
    const tlsa = { baseDomain, records, hostNames, names: [...new Set([...hostNames, ...names])] };
    const certificate = { ...anyCertificate, tlsa };
    draft.level = "dane";
    draft.certificate = bothDemands(draft.certificate, certificate);
    draft.reasons.push(`DANE: ${counted(records.length, "TLSA record")} of ${baseDomain}`);
    draft.watched.push({ policy: "tlsa", certificate, fault: undefined, detail: "" });
    return undefined;
  }
  draft.level = "required";
  const detail = `no TLSA record of ${baseDomain} is of use for SMTP`;
  draft.reasons.push(`DANE: TLS is required, and ${detail}`);
  draft.watched.push({ policy: "tlsa", certificate: anyCertificate, fault: "tlsa-invalid", detail });
  return undefined;
}

/** RFC 8461 §5; where DANE says who the host is, the policy is watched only (§2). */
function addSts(draft: Draft, { sts }: DestinationFacts, { name }: HostFacts): TlsBarred | undefined {
  if (sts.kind !== "policy") {
    if (draft.watched.length === 0)
      draft.watched.push({
        policy: "no-policy-found",
        certificate: anyCertificate,
        fault: undefined,
        detail: "",
      });
    return undefined;
  }
  const isListed = sts.mx.some((pattern) => fitsMxPattern(pattern, name));
  const detail = isListed ? "" : `the MTA-STS policy does not name ${name}`;
  const isEnforced = sts.mode === "enforce" && draft.level !== "dane";
  if (isEnforced && !isListed) return barred(false, detail, { policy: "sts", fault: "validation-failure" });
  const certificate = publicCertificate(name);
  draft.watched.push({
    policy: "sts",
    certificate,
    fault: isListed ? undefined : "validation-failure",
    detail,
  });
  if (!isEnforced) {
    draft.reasons.push(
      `MTA-STS: ${sts.mode === "testing" ? "testing, counted only" : "DANE goes before it"}`,
    );
    return undefined;
  }
  draft.isRequired = true;
  draft.level = "sts";
  draft.certificate = bothDemands(draft.certificate, certificate);
  draft.reasons.push(`MTA-STS: a trusted certificate for ${name}`);
  return undefined;
}

/** RFC 8689 §4.2.1: hosts whose names can be relied on, and a certificate that shows who they are. */
function addRequireTls(
  draft: Draft,
  { requireTlsPolicy }: TlsSettings,
  { isSecure, sts }: DestinationFacts,
  { name }: HostFacts,
): TlsBarred | undefined {
  const raise = (): void => {
    draft.isRequired = true;
    if (draft.level === "opportunistic") draft.level = "required";
  };
  if (requireTlsPolicy !== "enforce") {
    raise();
    draft.reasons.push("the message says REQUIRETLS: TLS with any certificate");
    return undefined;
  }
  draft.reasons.push("the message says REQUIRETLS: a host that offers it, and shows who it is");
  if (draft.level === "dane" || draft.level === "sts") return undefined;
  if (!isSecure)
    return barred(
      sts.kind !== "unknown",
      sts.kind === "unknown"
        ? `whether ${name} is the domain's host cannot be relied on: ${sts.detail}`
        : `whether ${name} is the domain's host cannot be relied on: neither signed MX records nor MTA-STS`,
    );
  raise();
  const { names } = draft.certificate;
  draft.certificate = bothDemands(draft.certificate, publicCertificate(names[0] ?? name));
  return undefined;
}

function finished({
  reasons,
  level,
  isRequired,
  certificate,
  serverName,
  tlsaFound,
  watched,
}: Draft): TlsDemand {
  const others = level === "opportunistic" ? ["TLS where it works, with any certificate"] : [];
  const reason = [...reasons, ...others].join("; ");
  return { kind: "demand", level, isRequired, certificate, serverName, tlsaFound, watched, reason };
}

/** `because`: of which policy. */
function barred(
  isPermanent: boolean,
  reason: string,
  because?: { readonly policy: ReportedPolicy; readonly fault: TlsFault },
): TlsBarred {
  return {
    kind: "barred",
    isPermanent,
    status: because === undefined ? (isPermanent ? "5.7.30" : "4.7.30") : "4.7.5",
    reason,
    outcomes: because === undefined ? [] : [{ ...because, detail: reason }],
  };
}

function publicCertificate(name: string): CertificateDemand {
  return { isTrusted: true, names: [name], byAlternativeName: true, tlsa: undefined };
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
