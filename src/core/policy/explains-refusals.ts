/** Whether a client is told limits and settings, and not only that it is refused. Setting: explainRefusals. */
import type { IpAddress } from "../units/ip-address.ts";
import { isPrivateAddress } from "../units/private-address.ts";
import type { ReceiveConnectorSettings } from "./receive-connector.ts";

/** By itself those of private networks are. */
export function explainsRefusals(
  connector: Pick<ReceiveConnectorSettings, "explainRefusals"> | undefined,
  address: IpAddress | undefined,
): boolean {
  if (connector?.explainRefusals !== undefined) return connector.explainRefusals;
  return address !== undefined && isPrivateAddress(address);
}
