/** Test-Route: which send connector a message would go by, and why no other. */
import { domainToASCII } from "node:url";
import { recordedApplication } from "../../core/policy/application.ts";
import { barredText, pickConnector, rankSendConnectors } from "../../core/policy/send-connector-choice.ts";
import { explainChoice } from "../../core/policy/send-connector-explained.ts";
import { mailboxOf, parseMailbox, routingDomain } from "../../core/smtp/address.ts";
import type { Administered, Handlers } from "../administered.ts";
import { AdminRefusal } from "../refusal.ts";
import { findNamed } from "./named-settings.ts";
import { nextHopDomainOf, recipientDomainOf } from "./next-hop-domain.ts";

export function mailRouteHandlers({
  relay,
  clock,
}: Administered): Pick<Handlers, "testRoute" | "resolveNextHop"> {
  return {
    async resolveNextHop({ domain: given, refresh }) {
      const domain = nextHopDomainOf(given);
      const { connector, queue, outcome, steps } = await relay.resolveNextHop(domain, refresh);
      const waits = relay.queues().find((one) => one.queue === queue);
      return {
        domain,
        sendConnector: connector ?? null,
        outcome,
        steps: [...steps],
        queue:
          waits === undefined
            ? null
            : {
                identity: waits.identity,
                status: waits.status,
                messages: waits.messages,
                lastError: waits.lastError ?? waits.putOff ?? null,
                nextRetryAt:
                  waits.nextRetryAt === undefined
                    ? null
                    : new Date(clock.wall().getTime() + waits.nextRetryAt - clock.now()).toISOString(),
              },
      };
    },
    testRoute({ from, to, receiveConnector, application, sizeBytes }) {
      const { settings } = relay;
      const known = (all: readonly { readonly name: string }[], name: string | undefined, noun: string) =>
        name === undefined ? undefined : findNamed(all, name, settings.hostname, noun).name;
      const message = {
        envelope: { reversePath: senderOf(from) },
        origin: {
          connector: known(settings.receiveConnectors, receiveConnector, "receive connector") ?? "",
          application: known(settings.applications, application, "application") ?? "",
          sourceAddress: "",
          helloName: "",
          sessionId: "",
        },
        content: { sizeBytes },
      };
      const facts = {
        domainOf: (mailbox: string) => routingDomain(mailboxOf(mailbox).domain, domainToASCII) ?? "",
        applicationOf: (origin: (typeof message)["origin"]) =>
          recordedApplication(settings.applications, origin),
      };
      const domain = recipientDomainOf(to);
      const { sendConnectors } = settings;
      const called = (name: string) =>
        sendConnectors.find((one) => one.name.toLowerCase() === name.toLowerCase());
      const selection = pickConnector(rankSendConnectors(sendConnectors, domain), message, called, facts);
      const relieved = new Map(relay.queues().map((queue) => [queue.connector, queue.fallback?.connector]));
      return {
        domain,
        sendConnector: selection.kind === "connector" ? selection.connector.name : null,
        reason:
          selection.kind === "none"
            ? `no send connector is for ${domain === "" ? "it" : domain}`
            : selection.kind === "barred"
              ? barredText(selection.why)
              : selection.kind === "tooLarge"
                ? `every send connector that it may use is too small, ${selection.maxMessageSizeBytes} bytes at most`
                : null,
        connectors: explainChoice(sendConnectors, domain, message, facts).map(
          ({ connector: { name }, consideration, cost = null, details }) => {
            const by = consideration === "taken" ? relieved.get(name) : undefined;
            const now = by === undefined ? [] : [`its mail goes by ${by} now`];
            return {
              name,
              consideration,
              cost,
              details: [...(details === "" ? [] : [details]), ...now].join("; "),
            };
          },
        ),
      };
    },
  };
}

function senderOf(from: string): string {
  const text = from.trim();
  if (text === "" || text === "<>") return "";
  if (parseMailbox(text) === undefined)
    throw new AdminRefusal("invalidInput", `${text} is not a sender's address`);
  return text;
}
