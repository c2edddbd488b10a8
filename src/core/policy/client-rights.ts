/**
 * What users, applications and keys may do, beside the connector's permission groups, which say whether they may submit
 * and relay at all. Whatever is not given is not limited.
 */
import { userKey } from "../authentication/user-key.ts";
import type { SenderPattern } from "./sender-pattern.ts";

export interface ClientRights {
  /** As whom it may send; undefined: as anybody. */
  readonly sendAs?: readonly SenderPattern[] | undefined;
  /** Names of the receive connectors it may use; case does not matter; undefined: all. */
  readonly receiveConnectors?: readonly string[] | undefined;
  /** Messages a minute, by whatever connector and from whatever address; undefined: unlimited. */
  readonly messageRateLimit?: number | undefined;
  /** Recipients of 24 hours; undefined: unlimited. */
  readonly recipientRateLimit?: number | undefined;
}

/** Who has rights. */
export interface RightsOwner {
  readonly kind: "user" | "group" | "application" | "key";
  readonly name: string;
  readonly rights: ClientRights;
  /** Of a key: the application its mail belongs to, from whatever address it comes. */
  readonly application?: string | undefined;
}

/** What `owner` is limited to. */
export interface OwnedLimit<Value> {
  readonly owner: RightsOwner;
  readonly value: Value;
}

/** The rights of one client; of a client whom nothing limits they are `noLimits` itself. */
export interface SessionRights {
  readonly sendAs: OwnedLimit<readonly SenderPattern[]> | undefined;
  readonly receiveConnectors: OwnedLimit<readonly string[]> | undefined;
  /** Each is counted by itself, and all of them hold. */
  readonly messageRates: readonly OwnedLimit<number>[];
  readonly recipientRates: readonly OwnedLimit<number>[];
}

export const noLimits: SessionRights = {
  sendAs: undefined,
  receiveConnectors: undefined,
  messageRates: [],
  recipientRates: [],
};

/**
 * `owners`: the nearest first, a user before its application. As whom and where a client may send is said by the nearest
 * that says anything of it; rates hold all together, because each counts something else.
 */
export function sessionRights(owners: readonly RightsOwner[]): SessionRights {
  const sendAs = nearest(owners, ({ sendAs: patterns }) => patterns);
  const receiveConnectors = nearest(owners, ({ receiveConnectors: names }) => names);
  const messageRates = rates(owners, ({ messageRateLimit }) => messageRateLimit);
  const recipientRates = rates(owners, ({ recipientRateLimit }) => recipientRateLimit);
  return sendAs === undefined &&
    receiveConnectors === undefined &&
    messageRates.length === 0 &&
    recipientRates.length === 0
    ? noLimits
    : { sendAs, receiveConnectors, messageRates, recipientRates };
}

function nearest<Value>(
  owners: readonly RightsOwner[],
  of: (rights: ClientRights) => Value | undefined,
): OwnedLimit<Value> | undefined {
  for (const owner of owners) {
    const value = of(owner.rights);
    if (value !== undefined) return { owner, value };
  }
  return undefined;
}

function rates(
  owners: readonly RightsOwner[],
  of: (rights: ClientRights) => number | undefined,
): readonly OwnedLimit<number>[] {
  return owners.flatMap((owner) => {
    const value = of(owner.rights) ?? Infinity;
    return value === Infinity ? [] : [{ owner, value }];
  });
}

export function mayUseConnector({ receiveConnectors }: SessionRights, connector: string): boolean {
  const wanted = connector.toLowerCase();
  return (
    receiveConnectors === undefined || receiveConnectors.value.some((name) => name.toLowerCase() === wanted)
  );
}

/** What is counted of its owner is counted under this. */
export function rateKey({ kind, name }: Pick<RightsOwner, "kind" | "name">): string {
  return `${kind}: ${userKey(name)}`;
}

/** Whose limit it was, for whoever looks for its remedy (core/remedies/sender.ts). */
export function ownerKey({ kind, name }: Pick<RightsOwner, "kind" | "name">): string {
  return `${kind} ${name}`;
}

/** `the user erp@contoso.com`, in texts for people. */
export function ownerText({ kind, name }: Pick<RightsOwner, "kind" | "name">): string {
  return `the ${kind === "key" ? "API key" : kind} ${name}`;
}
