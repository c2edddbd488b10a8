/** TLS on the way out: what recipient domains ask for, and what came of it. */
import type { Cmdlet } from "../cmdlet.ts";
import { server, showing } from "./common-parameters.ts";

const group = "Send connectors and queues";

export const outgoingTlsCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-MtaStsPolicy",
    group,
    synopsis:
      "Show the MTA-STS policy of a recipient domain; exit 1 where there may be one that cannot be had.",
    description: [
      "As delivery by MX record has it: found by the TXT record _mta-sts.DOMAIN, fetched from https://mta-sts.DOMAIN/, and kept over restarts until its max_age ends. A domain that was not met before is asked for it now.",
    ],
    parameters: [
      {
        name: "Domain",
        aliases: ["Identity", "Name"],
        kind: "text",
        position: 0,
        required: true,
        value: "DOMAIN",
        help: "A recipient domain, or a recipient's address.",
      },
      { name: "Refresh", kind: "switch", help: "Fetches it anew, whatever is kept." },
      server,
      ...showing,
    ],
    examples: [
      { command: "weir Get-MtaStsPolicy contoso.com", text: "" },
      { command: "weir Get-MtaStsPolicy contoso.com -Refresh", text: "After a change there." },
    ],
    load: async () => (await import("../run/mta-sts-policy.ts")).getMtaStsPolicy,
  },
  {
    name: "Get-TlsReport",
    group,
    synopsis: "Show what TLS with the mail hosts of recipient domains came to, by day.",
    description: [
      "Connections of send connectors that deliver by MX record, counted by day (UTC), domain and policy (tlsa, sts, no-policy-found), with what failed in the words of TLS reports (RFC 8460). Kept for 14 days. With --json as such reports are sent.",
    ],
    parameters: [
      {
        name: "Domain",
        aliases: ["Identity", "Name"],
        kind: "text",
        position: 0,
        value: "DOMAIN",
        help: "One recipient domain; all when left out.",
      },
      {
        name: "Date",
        kind: "text",
        value: "YYYY-MM-DD",
        help: "One day, UTC; all that are kept when left out.",
      },
      {
        name: "ResultSize",
        kind: "number",
        value: "N",
        help: "Most domains and days; 1000 when left out, up to 10000.",
      },
      server,
      ...showing,
    ],
    examples: [
      { command: "weir Get-TlsReport", text: "Whose hosts have trouble with TLS?" },
      { command: "weir Get-TlsReport contoso.com -Date 2026-01-15 --json", text: "A report as it is sent." },
    ],
    load: async () => (await import("../run/tls-report.ts")).getTlsReport,
  },
];
