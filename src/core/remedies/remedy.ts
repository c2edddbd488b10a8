/**
 * What ends a refusal: a sentence, and the commands that help by the settings in force. A remedy is never a guess: where
 * no setting helps it says so, and where the settings are right by now there is none.
 */
import { addedWord, commandWord } from "../units/command-word.ts";
import type { AcceptedDomain } from "../policy/accepted-domain.ts";
import type { ClientRights } from "../policy/client-rights.ts";
import type { ReceiveConnectorSettings } from "../policy/receive-connector.ts";
import type { Refusal } from "../refusals/refusal.ts";

export interface RemedyCommand {
  /** As typed behind `weir`: `Set-ReceiveConnector AppRelay -AnonymousRelay true`. */
  readonly command: string;
  /** What it comes to, in a sentence. */
  readonly effect: string;
}

export interface Remedy {
  /** What is so, and who can change it. */
  readonly text: string;
  /** One way each; empty where no setting helps. */
  readonly commands: readonly RemedyCommand[];
}

/** One kind of refusal to one source, and the settings that it is looked at against. */
export interface Met {
  readonly last: Refusal;
  /** The most that was held against the limit within the day. */
  readonly mostSeen: number | undefined;
  /** The latest last. */
  readonly about: readonly string[];
}

export interface Circumstances {
  /** The connector that answers the source now. */
  readonly connector: ReceiveConnectorSettings;
  readonly acceptedDomains: readonly AcceptedDomain[];
  readonly users: readonly (ClientRights & { readonly name: string })[];
  readonly apiKeys: readonly (ClientRights & { readonly name: string })[];
  readonly applications: readonly (ClientRights & { readonly name: string })[];
  readonly sendConnectors: readonly {
    readonly name: string;
    readonly enabled: boolean;
    readonly maxMessageSize: number;
  }[];
  /** Of all receive connectors. */
  readonly connectorNames: readonly string[];
  /** The address that was refused last, and what its owner is called. */
  readonly address: string;
  readonly application: string | undefined;
}

export const noSetting = (text: string): Remedy => ({ text, commands: [] });

/** `Set-ReceiveConnector NAME -Parameter value …`. */
export function setConnector({ name }: Pick<ReceiveConnectorSettings, "name">, parameters: string): string {
  return `Set-ReceiveConnector ${commandWord(name)} ${parameters}`;
}

/** A connector of its own, `ERP direct`, or by its address; where there is one of that name, a place in it. */
export function ownConnector(
  { application, address, connectorNames }: Circumstances,
  suffix: string,
  parameters: string,
): string {
  const name = `${application ?? address.replaceAll(":", "-")} ${suffix}`;
  return connectorNames.some((other) => other.toLowerCase() === name.toLowerCase())
    ? setConnector({ name }, `-RemoteIPRanges ${addedWord([address])}`)
    : `New-ReceiveConnector ${commandWord(name)} ${parameters}`;
}
