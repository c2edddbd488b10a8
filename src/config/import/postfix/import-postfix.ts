/** A Postfix's configuration, as parts of one here. */
import { parseAcceptedDomain } from "../../accepted-domain.ts";
import { transportSchema } from "../../transport-schema.ts";
import type { ConfigurationEdit } from "../../edit.ts";
import type { ImportedPart } from "../finding.ts";
import {
  carryCounterparts,
  type Counterpart,
  nothingCarried,
  tell,
  type Carried,
  carry,
} from "../carried.ts";
import { readMainCf, type MainCf } from "./main-cf.ts";
import { onlySmtp, readMasterCf } from "./master-cf.ts";
import { isWithoutMeaning, reasonFor } from "./parameters.ts";
import { type PostfixSurroundings, receiveParts } from "./receive.ts";
import { type SendOptions, sendParameters, sendParts } from "./send.ts";
import { receiveParameters } from "./smtpd-parameters.ts";
import { listOf, type PostfixFiles } from "./tables.ts";
import { countOf, durationOf } from "./values.ts";

export interface PostfixImport extends PostfixSurroundings, SendOptions {
  readonly mainCf: string;
  /** Undefined: smtpd on port 25. */
  readonly masterCf: string | undefined;
  /** Accepted domains that the configuration has. */
  readonly known: readonly string[];
}

export function importPostfix(given: PostfixImport): readonly ImportedPart[] {
  const main = readMainCf(given.mainCf);
  const services = given.masterCf === undefined ? onlySmtp : readMasterCf(given.masterCf);
  const { part, domains } = relayPart(main, given);
  return [
    ...services.flatMap((service) => receiveParts(service, main, given, domains)),
    ...sendParts(main, given),
    part,
  ];
}

const counterparts: readonly Counterpart[] = [
  {
    parameter: "maximal_queue_lifetime",
    setting: "messageExpirationTimeout",
    read: (value) => durationOf(value, "d"),
  },
  {
    parameter: "bounce_size_limit",
    setting: "dsnMaxMessageAttachSize",
    read: countOf,
    differs: "larger messages go into reports as their header",
  },
];
const domainParameters = ["relay_domains", "mydestination"] as const;
const relayParameters = new Set([
  ...counterparts.map(({ parameter }) => parameter),
  ...domainParameters,
  "delay_warning_time",
  "myorigin",
]);

/** What is no connector's, and every parameter that has no counterpart. */
function relayPart(
  main: MainCf,
  { files, known }: PostfixImport,
): { readonly part: ImportedPart; readonly domains: readonly string[] } {
  const carried = nothingCarried();
  carryCounterparts(carried, transportSchema.shape, counterparts, (parameter) => main.value(parameter));
  const warning = main.value("delay_warning_time");
  if (warning !== undefined && !/^0[smhdw]?$/.test(warning))
    carry(carried, transportSchema.shape, "delayNotificationTimeout", durationOf(warning, "h"), {
      property: "delay_warning_time",
      given: warning,
    });
  else
    tell(
      carried,
      "delay_warning_time",
      warning,
      "differs",
      "here senders are told after delayNotificationTimeout, 4 h, that a message waits",
    );
  const domains = acceptedDomains(carried, main, files);
  const origin = main.value("myorigin");
  if (origin !== undefined)
    tell(
      carried,
      "myorigin",
      origin,
      "leftOut",
      "addresses without a domain are refused; defaultDomain of a receive connector completes them",
    );
  for (const [name, value] of main.parameters) {
    if (receiveParameters.has(name) || sendParameters.has(name) || relayParameters.has(name)) continue;
    if (isWithoutMeaning(name)) tell(carried, name, value, "nothing", "");
    else tell(carried, name, value, "leftOut", reasonFor(name));
  }
  const add = domains.filter(
    (domain) => !known.some((other) => other.toLowerCase() === domain.toLowerCase()),
  );
  const edits: ConfigurationEdit[] = [];
  if (Object.keys(carried.settings).length > 0)
    edits.push({ kind: "setSection", section: "transport", settings: carried.settings });
  if (add.length > 0) edits.push({ kind: "changeList", section: "acceptedDomains", remove: [], add });
  return { part: { title: "The relay as a whole", edits, findings: carried.findings, toDo: [] }, domains };
}

function acceptedDomains(carried: Carried, main: MainCf, files: PostfixFiles): readonly string[] {
  const domains = new Set<string>();
  const own = ownNames(main);
  for (const parameter of domainParameters) {
    if (!main.parameters.has(parameter)) continue;
    const { words, unread } = listOf(main.value(parameter), files);
    for (const word of unread)
      tell(carried, parameter, word, "leftOut", `${word} cannot be read beside main.cf, or has no text`);
    for (const word of words) {
      if (own.has(word.toLowerCase())) {
        tell(
          carried,
          parameter,
          word,
          "differs",
          "no mail is delivered on this machine: what is sent to it goes to a send connector",
        );
        continue;
      }
      // relay_domains has subdomains with it (parent_domain_matches_subdomains).
      const domain = parameter === "relay_domains" ? `*.${word.replace(/^\./, "")}` : word;
      const read = parseAcceptedDomain(domain);
      if (!read.ok) tell(carried, parameter, word, "leftOut", read.message);
      else {
        domains.add(domain.toLowerCase());
        tell(
          carried,
          parameter,
          word,
          parameter === "mydestination" ? "differs" : "carriedOver",
          `acceptedDomains: ${domain}${parameter === "mydestination" ? "; it has no mailboxes here: a send connector must take it" : ""}`,
        );
      }
    }
  }
  return [...domains];
}

/** Names of the machine itself. */
function ownNames(main: MainCf): ReadonlySet<string> {
  const hostname = main.value("myhostname") ?? "";
  const domain = main.value("mydomain") ?? hostname.slice(hostname.indexOf(".") + 1);
  return new Set(
    [
      "$myhostname",
      "localhost",
      `localhost.${domain}`,
      "localhost.localdomain",
      "localhost.$mydomain",
      hostname.split(".", 1)[0] ?? "",
      hostname,
    ].map((name) => name.toLowerCase()),
  );
}
