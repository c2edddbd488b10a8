/** A TLS report as JSON (RFC 8460 §4.4). */
import type { DayResults } from "./day-results.ts";

export interface TlsReport {
  readonly "organization-name": string;
  readonly "date-range": { readonly "start-datetime": string; readonly "end-datetime": string };
  readonly "contact-info": string;
  readonly "report-id": string;
  readonly policies: readonly ReportedPolicyResults[];
}

interface ReportedPolicyResults {
  readonly policy: {
    readonly "policy-type": string;
    readonly "policy-string"?: readonly string[];
    readonly "policy-domain": string;
    readonly "mx-host"?: readonly string[];
  };
  readonly summary: {
    readonly "total-successful-session-count": number;
    readonly "total-failure-session-count": number;
  };
  readonly "failure-details"?: readonly Readonly<Record<string, string | number>>[];
}

export interface ReportSubject {
  /** The relay. */
  readonly hostname: string;
  /** A mail address. */
  readonly contact: string;
  /** `2026-01-15`, UTC. */
  readonly date: string;
  /** A-labels. */
  readonly domain: string;
}

/** The same for one domain and day, so that a reader can tell one that comes twice. */
export const reportId = ({ date, domain, hostname }: ReportSubject): string =>
  `${date}.${domain}@${hostname}`;

export function tlsReport(subject: ReportSubject, day: DayResults): TlsReport {
  const { hostname, contact, date, domain } = subject;
  return {
    "organization-name": hostname,
    "date-range": { "start-datetime": `${date}T00:00:00Z`, "end-datetime": `${date}T23:59:59Z` },
    "contact-info": contact,
    "report-id": reportId(subject),
    policies: day.map(({ policy, strings, mx, successes, failures, details }) => ({
      policy: {
        "policy-type": policy,
        ...(strings.length === 0 ? {} : { "policy-string": strings }),
        "policy-domain": domain,
        ...(mx.length === 0 ? {} : { "mx-host": mx }),
      },
      summary: {
        "total-successful-session-count": successes,
        "total-failure-session-count": failures,
      },
      ...(details.length === 0
        ? {}
        : {
            "failure-details": details.map(({ fault, sendingIp, host, receivingIp, reason, sessions }) => ({
              "result-type": fault,
              ...given("sending-mta-ip", sendingIp),
              ...given("receiving-mx-hostname", host),
              ...given("receiving-ip", receivingIp),
              "failed-session-count": sessions,
              ...given("failure-reason-code", reason),
            })),
          }),
    })),
  };
}

const given = (name: string, value: string): Readonly<Record<string, string>> =>
  value === "" ? {} : { [name]: value };
