/** Test-SendConnector: who sends where, and how long ago the configuration was changed. */
import { stat } from "node:fs/promises";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import { parseMailbox } from "../../core/smtp/address.ts";
import type { Administered, Handlers } from "../administered.ts";
import { AdminRefusal } from "../refusal.ts";
import { findNamed } from "./named-settings.ts";

export function sendConnectorTestHandlers({
  relay,
  configuration,
}: Administered): Pick<Handlers, "testSendConnector"> {
  const changedAgoMs = async (): Promise<number | undefined> => {
    if (configuration === undefined) return undefined;
    try {
      return Date.now() - (await stat(configuration.file)).mtimeMs;
    } catch {
      return undefined;
    }
  };

  return {
    testSendConnector: async ({ name, to, from, timeoutMs }, { signal }) => {
      const { sendConnectors, acceptedDomains, hostname } = relay.settings;
      const connector = findNamed(sendConnectors, name, hostname, "send connector");
      if (to !== undefined) checkAddress(to);
      if (to !== undefined && connector.kind === "drop")
        throw new AdminRefusal(
          "invalidInput",
          `${connector.name} writes files; a test sends no message there`,
        );
      const sender = from ?? usualSender(connector, acceptedDomains[0]?.domain ?? hostname);
      checkAddress(sender);
      const test = await relay.testSendConnector(connector, {
        from: sender,
        to,
        timeoutMs,
        changedAgoMs: await changedAgoMs(),
        signal,
      });
      const steps = test.steps.map(({ details, advice, certificates, claims, ...step }) => ({
        ...step,
        details: [...details],
        advice: [...advice],
        certificates: certificates.map(({ names, ...certificate }) => ({
          ...certificate,
          names: [...names],
        })),
        claims: { ...claims },
      }));
      return { ok: test.ok, from: test.from, to: test.to ?? null, steps };
    },
  };
}

function checkAddress(address: string): void {
  if (parseMailbox(address) === undefined || !/^[\x21-\x7e]+$/.test(address))
    throw new AdminRefusal("invalidInput", `${JSON.stringify(address)} is no address that a test can use`);
}

/** A sender the other side will know. */
function usualSender(connector: SendConnectorSettings, domain: string): string {
  const postmaster = `postmaster@${domain}`;
  if (connector.kind === "drop") return postmaster;
  const senders = Object.entries(connector.senderMailboxes);
  const named = senders.find(([pattern]) => !/^[*<]/.test(pattern))?.[0] ?? senders[0]?.[1];
  if (named !== undefined) return named;
  if (connector.oauth !== undefined)
    throw new AdminRefusal(
      "invalidInput",
      `${connector.name} logs on as the sender's mailbox: name one with -From (from)`,
    );
  if (connector.kind === "graph") return postmaster;
  const user = connector.authenticationCredential?.userName;
  return user !== undefined && parseMailbox(user) !== undefined ? user : postmaster;
}
