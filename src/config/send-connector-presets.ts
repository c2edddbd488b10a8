/** What a send connector's preset, or its kind, stands in for before its settings are read. */
import { cloudNames, type CloudName } from "../core/policy/microsoft-clouds.ts";
import { presetNames, presetSettings, type PresetName } from "../core/policy/send-presets.ts";

type Section = Readonly<Record<string, unknown>>;

/** The settings of the file's section, its preset's where it gives none. A faulty preset stands in for nothing. */
export function withPresets(raw: Section): Section {
  const standing = presetOf(raw);
  if (raw["dropDirectory"] !== undefined) return { maxMessageSize: "unlimited", ...raw };
  return standing === undefined ? raw : { ...standing, ...raw };
}

/** Undefined: it has none. */
export function presetOf(raw: Section): Section | undefined {
  const name = raw["preset"];
  if (raw["dropDirectory"] !== undefined || !isPreset(name)) return undefined;
  const { oauth, authenticationCredential } = raw;
  const cloud = typeof oauth === "object" && oauth !== null ? (oauth as Section)["cloud"] : undefined;
  return presetSettings(name, {
    cloud: isCloud(cloud) ? cloud : "global",
    hasOAuth: oauth !== undefined,
    hasCredential: authenticationCredential !== undefined,
  });
}

function isPreset(name: unknown): name is PresetName {
  return presetNames.some((known) => known === name);
}

function isCloud(name: unknown): name is CloudName {
  return cloudNames.some((known) => known === name);
}
