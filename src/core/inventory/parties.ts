/** Whose senders they are: applications as an administrator named them, and those that nobody named. */
import type { ApiKey } from "../authentication/api-key.ts";
import { applicationOf, type Application } from "../policy/application.ts";
import { parseAddress } from "../units/ip-address.ts";
import { senderKey, type Sender } from "./sender.ts";

/** Who is judged and shown as one. */
export interface Party {
  /** Undefined: nobody named it. */
  readonly application: Application | undefined;
  /** At least one, but for applications of which nothing came yet. */
  readonly senders: readonly Sender[];
}

const keyPrefix = "API key ";

/** Whose a sender is. Undefined: nobody named it. Cost: a pass over all ranges. */
export function applicationOfSender(
  applications: readonly Application[],
  apiKeys: readonly Pick<ApiKey, "name" | "application">[],
  { user, address }: Pick<Sender, "user" | "address">,
): Application | undefined {
  if (user.startsWith(keyPrefix)) {
    const key = apiKeys.find(({ name }) => keyPrefix + name === user);
    if (key?.application !== undefined)
      return applications.find(({ name }) => name.toLowerCase() === key.application?.toLowerCase());
  }
  const parsed = parseAddress(address);
  return parsed && applicationOf(applications, { address: parsed, ...(user === "" ? undefined : { user }) });
}

/** Tells one from another, over changes of its name's case. */
export function partyKey({ application, senders }: Party): string {
  const [sender] = senders;
  if (application !== undefined) return `application ${application.name.toLowerCase()}`;
  return sender === undefined ? "" : `sender ${senderKey(sender)}`;
}

/** `10.0.0.7`, `10.0.0.7 as erp`, `ERP` */
export function partyName({ application, senders }: Party): string {
  const [sender] = senders;
  if (application !== undefined) return application.name;
  if (sender === undefined) return "";
  return sender.user === "" ? sender.source : `${sender.source} as ${sender.user}`;
}
