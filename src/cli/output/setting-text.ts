/** Settings as Exchange's shell prints them: names, durations, sizes, lists. */
import { formatByteSize } from "../../core/units/byte-size.ts";
import { formatTimeSpan } from "../../core/units/duration.ts";

/** Where Exchange's spelling is not the setting's with a capital. */
const spellings: Readonly<Record<string, string>> = {
  remoteIpRanges: "RemoteIPRanges",
  requireTls: "RequireTLS",
  requireEhloDomain: "RequireEHLODomain",
  ignoreStartTls: "IgnoreSTARTTLS",
  forceHelo: "ForceHELO",
  sourceIpAddress: "SourceIPAddress",
  oauth: "OAuth",
};

export function exchangeName(setting: string): string {
  return spellings[setting] ?? setting.charAt(0).toUpperCase() + setting.slice(1);
}

/** `kind` as the schema has it: `duration`, `size`, `true or false`, `list of …`. Null prints as nothing. */
export function settingText(value: unknown, kind: string | undefined): string {
  if (value === null || value === undefined) return "";
  if (kind === "duration" && typeof value === "number") return formatTimeSpan(value);
  if (kind === "size" && typeof value === "number") return formatByteSize(value);
  if (kind === "limits" && typeof value === "object" && !Array.isArray(value)) return limitsText(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => settingText(item, undefined)).join(", ");
    // Exchange prints sets in braces and flags without.
    return kind === "list" ? items : `{${items}}`;
  }
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string" || typeof value === "number") return String(value);
  return JSON.stringify(value);
}

/** `MaxInboundConnectionPerSource=40; MaxMessageSize=10 MB (10,485,760 bytes)` */
function limitsText(limits: object): string {
  return Object.entries(limits)
    .map(([name, value]: [string, unknown]) => {
      const kind = name.endsWith("Size") ? "size" : undefined;
      return `${exchangeName(name)}=${settingText(value, kind)}`;
    })
    .join("; ");
}
