/** What Exchange keeps for the organisation, as parameters of Set-TransportConfig. */
import type { Parameter } from "../cmdlet.ts";

export const transportConfigParameters: readonly Parameter[] = [
  {
    name: "MaxReceiveSize",
    kind: "value",
    value: "SIZE",
    setting: "maxReceiveSize",
    help: "MaxMessageSize of every receive connector.",
  },
  {
    name: "MaxSendSize",
    kind: "value",
    value: "SIZE",
    setting: "maxSendSize",
    help: "MaxMessageSize of every send connector.",
  },
  {
    name: "MaxRecipientEnvelopeLimit",
    kind: "value",
    value: "NUMBER",
    setting: "maxRecipientEnvelopeLimit",
    help: "MaxRecipientsPerMessage of every receive connector.",
  },
  {
    name: "ExternalPostmasterAddress",
    kind: "value",
    value: "ADDRESS",
    setting: "externalPostmasterAddress",
    help: "From address of delivery reports.",
  },
  {
    name: "ExternalDsnMaxMessageAttachSize",
    aliases: ["InternalDsnMaxMessageAttachSize", "DsnMaxMessageAttachSize"],
    kind: "value",
    value: "SIZE",
    setting: "dsnMaxMessageAttachSize",
    help: "A larger message is returned in reports as its header only.",
  },
];
