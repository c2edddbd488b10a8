/** Settings gathered from the parameters of another system, each with what became of it. */
import type { z } from "zod";
import type { Plain } from "../edit-value.ts";
import { type Finding, type Outcome, written } from "./finding.ts";
import { fitSetting, isDefaultValue } from "./setting-fit.ts";

export interface Carried {
  readonly settings: Record<string, Plain>;
  readonly findings: Finding[];
}

export const nothingCarried = (): Carried => ({ settings: {}, findings: [] });

/** `property`: what the table calls it. */
export function tell(
  { findings }: Carried,
  property: string,
  value: string | undefined,
  outcome: Outcome,
  text: string,
): void {
  findings.push({ property, value: value ?? "", outcome, text });
}

/** Writes the value where the setting takes it and it is not the default anyway. */
export function carry(
  carried: Carried,
  shape: Readonly<Record<string, z.ZodType>>,
  setting: string,
  value: Plain | undefined,
  {
    property,
    given,
    differs,
  }: { readonly property: string; readonly given?: string | undefined; readonly differs?: string },
): void {
  const schema = shape[setting];
  if (schema === undefined) return;
  const fit = value === undefined ? undefined : fitSetting(schema, value);
  if (fit === undefined) return tell(carried, property, given, "leftOut", "its value is not understood");
  if (!fit.ok) return tell(carried, property, given, "leftOut", fit.message);
  if (isDefaultValue(schema, fit.value.value, undefined)) {
    tell(carried, property, given, differs === undefined ? "default" : "differs", differs ?? "");
    return;
  }
  carried.settings[setting] = fit.value.value;
  const text = written(setting, fit.value.value);
  if (differs === undefined) tell(carried, property, given, "carriedOver", text);
  else tell(carried, property, given, "differs", `${text}; ${differs}`);
}

/** How parameters that are settings of the same meaning are read. */
export interface Counterpart {
  readonly parameter: string;
  readonly setting: string;
  readonly read: (value: string) => Plain | undefined;
  readonly differs?: string;
}

/** As they are for a connector that delivers by MX record: to each domain's hosts so many connections. */
export function byMxRecord(counterparts: readonly Counterpart[]): readonly Counterpart[] {
  return counterparts.map((one) =>
    one.setting === "maxConcurrentConnections" ? { ...one, setting: "maxPerDomainOutboundConnections" } : one,
  );
}

export function carryCounterparts(
  carried: Carried,
  shape: Readonly<Record<string, z.ZodType>>,
  counterparts: readonly Counterpart[],
  valueOf: (parameter: string) => string | undefined,
): void {
  for (const { parameter, setting, read, differs } of counterparts) {
    const given = valueOf(parameter);
    if (given === undefined) continue;
    carry(carried, shape, setting, read(given), {
      property: parameter,
      given,
      ...(differs === undefined ? {} : { differs }),
    });
  }
}
