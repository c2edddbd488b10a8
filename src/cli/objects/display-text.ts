/** Values of properties as people read them. */
import {
  receiveConnectorFacts,
  sendConnectorFacts,
  transportFacts,
} from "../../config/generated/setting-facts.ts";
import { formatByteSize } from "../../core/units/byte-size.ts";
import { formatTimeSpan } from "../../core/units/duration.ts";
import { settingText } from "../output/setting-text.ts";
import { localTime } from "../output/time-text.ts";

let kinds: ReadonlyMap<string, string> | undefined;
/** Made when one is asked for: every command loads this. */
const settingKinds = (): ReadonlyMap<string, string> =>
  (kinds ??= new Map(
    [...transportFacts, ...sendConnectorFacts, ...receiveConnectorFacts].map(({ name, kind }) => [
      name,
      kind,
    ]),
  ));

/** `duration`, `size` or another kind of setting; undefined: nothing is known of it. */
export function kindOfProperty(name: string): string | undefined {
  if (/(?:Bytes|Size)$/.test(name)) return "size";
  if (name.endsWith("Ms")) return "duration";
  return settingKinds().get(name);
}

/** `name`: as -Json has it; it tells durations and sizes from other numbers. */
export function displayText(name: string, value: unknown): string {
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(value))
    return localTime(value);
  const kind = kindOfProperty(name);
  if (typeof value === "number" && kind === "duration") return formatTimeSpan(value);
  if (typeof value === "number" && kind === "size") return formatByteSize(value);
  return settingText(value, kind);
}
