/** Accepted domains: listed, added, changed, removed. */
import { parseAcceptedDomain } from "../../config/accepted-domain.ts";
import type { ConfigurationEdit } from "../../config/edit.ts";
import { domainText } from "../../config/plain-settings.ts";
import { nearest } from "../../core/units/nearest-name.ts";
import type { Settings } from "../../config/settings.ts";
import { isAcceptedDomain, type AcceptedDomain } from "../../core/policy/accepted-domain.ts";
import { rankSendConnectors, usualConnector } from "../../core/policy/send-connector-choice.ts";
import type { Administered, Handlers } from "../administered.ts";
import { AdminRefusal } from "../refusal.ts";
import { changeConfiguration, type ChangeOutput } from "./change.ts";

type Names = "listAcceptedDomains" | "newAcceptedDomain" | "setAcceptedDomain" | "removeAcceptedDomain";

export function acceptedDomainHandlers(administered: Administered): Pick<Handlers, Names> {
  const { relay } = administered;

  const find = (identity: string): AcceptedDomain => {
    const domains = relay.settings.acceptedDomains;
    const wanted = parseAcceptedDomain(identity);
    const text = wanted.ok ? domainText(wanted.value) : identity.trim().toLowerCase();
    const found = domains.find((domain) => domainText(domain) === text);
    if (found !== undefined) return found;
    throw new AdminRefusal("notFound", `there is no accepted domain ${identity}${hint(text, domains)}`);
  };

  const change = (
    remove: readonly AcceptedDomain[],
    add: readonly string[],
    whatIf: boolean,
    notices: (before: Settings, after: Settings) => readonly string[],
  ): Promise<ChangeOutput> => {
    const edit: ConfigurationEdit = {
      kind: "changeList",
      section: "acceptedDomains",
      remove: remove.map(domainText),
      add,
    };
    return changeConfiguration(administered, edit, whatIf, {
      notices: ({ before, after }) => notices(before.settings, after.settings),
    });
  };

  return {
    listAcceptedDomains: () => ({
      domains: relay.settings.acceptedDomains.map((domain) => ({
        domainName: domainText(domain),
        matchSubDomains: domain.subdomains,
        sendConnector: usualConnector(relay.settings.sendConnectors, domain.domain)?.name ?? null,
      })),
    }),
    newAcceptedDomain: ({ domainName, whatIf }) =>
      change([], [written(domainName)], whatIf, (before, after) => adviceForNew(before, after)),
    setAcceptedDomain: ({ domainName, newDomainName, matchSubDomains, whatIf }) => {
      const found = find(domainName);
      const wanted = newDomainName === undefined ? domainText(found) : written(newDomainName);
      const bare = wanted.replace(/^\*\./, "");
      const changed = matchSubDomains === undefined ? wanted : matchSubDomains ? `*.${bare}` : bare;
      return changed === domainText(found)
        ? change([], [], whatIf, () => [])
        : change([found], [changed], whatIf, adviceForNew);
    },
    removeAcceptedDomain: ({ domainName, whatIf }) =>
      change([find(domainName)], [], whatIf, (_, after) =>
        after.acceptedDomains.length > 0
          ? []
          : [
              "There is no accepted domain any more. Clients that may not relay can send to nobody: 550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain.",
            ],
      ),
  };
}

/** In the spelling the relay shows it in; what is no domain as it is, for the check of the file to say why. */
function written(domainName: string): string {
  const parsed = parseAcceptedDomain(domainName);
  return parsed.ok ? domainText(parsed.value) : domainName.trim();
}

function adviceForNew(before: Settings, after: Settings): readonly string[] {
  const known = new Set(before.acceptedDomains.map(domainText));
  return after.acceptedDomains
    .filter((added) => !known.has(domainText(added)))
    .flatMap((added) => {
      const name = domainText(added);
      const others = after.acceptedDomains.filter((other) => other !== added);
      const wider = others.find((other) => other.subdomains && isAcceptedDomain([other], added.domain));
      const notices: string[] = [];
      if (wider !== undefined) notices.push(`${domainText(wider)} holds ${name} already.`);
      if (rankSendConnectors(after.sendConnectors, added.domain).length === 0)
        notices.push(
          `No send connector takes mail for ${name}: it waits in the queue Unreachable. To send it on: New-SendConnector ${added.domain} -AddressSpaces ${name} -SmartHosts HOST:25`,
        );
      return notices;
    });
}

function hint(wanted: string, domains: readonly AcceptedDomain[]): string {
  const names = domains.map(domainText);
  const bare = wanted.replace(/^\*\./, "");
  const near = names.find((name) => name.replace(/^\*\./, "") === bare) ?? nearest(wanted, names);
  if (near !== undefined) return `; did you mean ${near}?`;
  return names.length === 0 ? "; there are none" : `; there are ${names.slice(0, 20).join(", ")}`;
}
