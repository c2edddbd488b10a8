/** A change of the configuration file, from the request to the answer. */
import type { ConfigurationEdit } from "../../config/edit.ts";
import { ConfigurationFileError } from "../../config/edit-file.ts";
import type { Fault } from "../../config/fault.ts";
import type { Change, ChangeOutcome, LiveConfiguration } from "../../config/live-configuration.ts";
import { RelayStoppingError } from "../../config/relay-stopping.ts";
import { plainSettings, settingChanges, type SettingChange } from "../../config/plain-settings.ts";
import { formatEndpoint } from "../../core/units/endpoint.ts";
import type { Administered } from "../administered.ts";
import type { Json } from "../contract/values.ts";
import type { ConfigurationFault, Output } from "../contract.ts";
import { AdminRefusal, makeRoom } from "../refusal.ts";

export type ChangeOutput = Output<"setReceiveConnector">;

export function configurationOf({ configuration }: Administered): LiveConfiguration {
  if (configuration !== undefined) return configuration;
  throw new AdminRefusal(
    "noFile",
    "this relay was started without a configuration file; the program that embeds it sets its configuration",
  );
}

/** Edits and applies, or only looks; throws AdminRefusal with every fault. */
export async function changeConfiguration(
  administered: Administered,
  edits: ConfigurationEdit | readonly ConfigurationEdit[],
  whatIf: boolean,
  more: {
    /** What of the differences is told; by default all. */
    readonly changes?: (change: Change) => readonly SettingChange[];
    readonly notices?: (change: Change) => readonly string[];
  } = {},
): Promise<ChangeOutput> {
  const configuration = configurationOf(administered);
  const change = changeOf(configuration, await settled(configuration.edit(edits, whatIf)));
  return changeOutput(configuration, change, { whatIf, ...more });
}

export async function settled<Value>(promise: Promise<Value>): Promise<Value> {
  try {
    return await promise;
  } catch (fault) {
    if (fault instanceof ConfigurationFileError) {
      const advice = fault.code === "diskFull" ? `; ${makeRoom}` : "";
      throw new AdminRefusal(fault.code, `${fault.message}${advice}`);
    }
    if (fault instanceof RelayStoppingError)
      throw new AdminRefusal("stopping", `${fault.message}; what its file says holds from the next start on`);
    throw fault;
  }
}

export function changeOf({ place }: LiveConfiguration, outcome: ChangeOutcome): Change {
  switch (outcome.kind) {
    case "changed":
      return outcome;
    case "faults":
      throw new AdminRefusal(
        "configurationRefused",
        `${
          outcome.ofVersion === undefined
            ? ""
            : `this node cannot use version ${outcome.ofVersion} of ${place}, nor change it; change it on a node that can, or go back with Restore-ConfigurationVersion: `
        }${outcome.faults.map(sentence).join("; ")}`,
        outcome.faults.map(shownFault),
      );
    case "refused": {
      const { code, message } = outcome.refused;
      throw new AdminRefusal(
        code === "notEditable" ? "fileFault" : code,
        code === "notEditable" ? `${place}: ${message}` : message,
      );
    }
  }
}

function sentence({ path, message, suggestion }: Fault): string {
  const place = path === "" ? "" : `${path}: `;
  return `${place}${message}${suggestion === undefined ? "" : `; did you mean ${suggestion}?`}`;
}

export function changeOutput(
  { place }: LiveConfiguration,
  change: Change,
  {
    whatIf,
    changes = allChanges,
    notices = () => [],
  }: {
    readonly whatIf: boolean;
    readonly changes?: (change: Change) => readonly SettingChange[];
    readonly notices?: (change: Change) => readonly string[];
  },
): ChangeOutput {
  return {
    applied: change.applied,
    whatIf,
    file: place,
    changes: changes(change).map(({ setting, before, after }) => ({
      setting,
      before: before as Json,
      after: after as Json,
    })),
    diff: change.diff,
    warnings: newWarnings(change).map(shownFault),
    notices: [...change.problems, ...notices(change)],
    notListening: change.notListening.map(({ endpoint, reason }) => ({
      binding: formatEndpoint(endpoint),
      reason,
    })),
    needsRestart: [...change.needsRestart],
  };
}

export function allChanges({ before, after }: Change): readonly SettingChange[] {
  return settingChanges(plainSettings(before.settings), plainSettings(after.settings));
}

/** Those that the configuration did not give cause for before. */
function newWarnings({ before, after }: Change): readonly Fault[] {
  const known = new Set(before.warnings.map(({ message, path }) => `${path} ${message}`));
  return after.warnings.filter(({ message, path }) => !known.has(`${path} ${message}`));
}

export function shownFault({ path, line, column, message, suggestion, file }: Fault): ConfigurationFault {
  return {
    path,
    line,
    column,
    message,
    ...(suggestion === undefined ? {} : { suggestion }),
    ...(file === undefined ? {} : { file }),
  };
}
