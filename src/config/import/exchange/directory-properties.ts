/** Properties of Exchange's objects that are no settings, and values that say that something is not used. */
import { type ExportedValue, textOf } from "../exported/exported-value.ts";
import { ownValue } from "../own-value.ts";

const noSettings = new Set(
  [
    "Identity",
    "Id",
    "Guid",
    "DistinguishedName",
    "ObjectCategory",
    "ObjectClass",
    "ObjectState",
    "ObjectId",
    "ImmutableId",
    "OrganizationId",
    "OrganizationalUnitRoot",
    "OriginatingServer",
    "ExchangeVersion",
    "ExchangeObjectId",
    "AdminDisplayName",
    "WhenChanged",
    "WhenCreated",
    "WhenChangedUTC",
    "WhenCreatedUTC",
    "IsValid",
    "IsReadOnly",
    "RunspaceId",
    "PSComputerName",
    "PSShowComputerName",
    "PSSourceJobInstanceId",
    "Server",
    "Name",
    "HomeMTA",
    "HomeMtaServerId",
    "SourceRoutingGroup",
    "ConnectedDomains",
    "IsSmtpConnector",
    "SourceTransportServers",
    "Region",
  ].map((name) => name.toLowerCase()),
);

export function isNoSetting(property: string): boolean {
  return noSettings.has(property.toLowerCase());
}

/** Off, empty, or what setup gives it: nothing is lost with it. */
export function saysNothing(property: string, value: ExportedValue): boolean {
  const text = textOf(value).toLowerCase();
  if (["", "false", "none", "0", "{}"].includes(text)) return true;
  return ownValue(shipped, property.toLowerCase())?.includes(text) === true;
}

const shipped: Readonly<Record<string, readonly string[]>> = {
  maxlocalhopcount: ["5", "8", "12"],
  connectortype: ["default"],
  errorpolicies: ["default"],
  frontendproxyenabled: ["false"],
  sourceipaddress: ["0.0.0.0", "::"],
};
