/** What a client is refused for want of rights of its user or application: the connector, the reverse-path, the header. */
import { domainToASCII } from "node:url";
import {
  mayUseConnector,
  ownerKey,
  ownerText,
  type OwnedLimit,
  type SessionRights,
} from "../../core/policy/client-rights.ts";
import { refuseReversePath, refuseSenderFields, type SenderFault } from "../../core/policy/sender-rights.ts";
import type { SenderPattern } from "../../core/policy/sender-pattern.ts";
import type { HeaderFacts } from "../../core/message/header-scan.ts";
import { refused, type Refused } from "../../core/refusals/refusal.ts";

type SendAs = OwnedLimit<readonly SenderPattern[]>;

export function refuseConnector(limits: SessionRights, connector: string): Refused | undefined {
  if (limits.receiveConnectors === undefined || mayUseConnector(limits, connector)) return undefined;
  const { owner, value } = limits.receiveConnectors;
  return refused("connectorDenied", {
    about: ownerKey(owner),
    detail: `${ownerText(owner)} may use ${value.join(", ")} only`,
  });
}

/** `reversePath`: empty for `<>`. */
export function refuseSender({ sendAs }: SessionRights, reversePath: string): Refused | undefined {
  const fault = sendAs && refuseReversePath(sendAs.value, reversePath, domainToASCII);
  return fault && sendAsDenied(sendAs, fault);
}

/** `facts`: scanned with `senders`. */
export function refuseHeaderSender(sendAs: SendAs, facts: HeaderFacts): Refused | undefined {
  const fault: SenderFault | undefined = facts.hasBareLineEnd
    ? {
        kind: "unclear",
        where: "header",
        problem: "holds a CR or LF without the other, which some take for a new line and others do not",
      }
    : refuseSenderFields(sendAs.value, facts.senderFields, domainToASCII);
  return fault && sendAsDenied(sendAs, fault);
}

function sendAsDenied({ owner }: SendAs, fault: SenderFault): Refused {
  return fault.kind === "unclear"
    ? refused("sendAsDenied", {
        detail: `${fault.where} ${fault.problem}, and ${ownerText(owner)} has sendAs`,
      })
    : refused("sendAsDenied", {
        detail: `${fault.where} <${fault.address}> is not in the sendAs of ${ownerText(owner)}`,
        about: `<${fault.address}> as ${ownerKey(owner)}`,
      });
}
