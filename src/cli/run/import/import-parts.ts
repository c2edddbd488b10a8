/** What every import does once it knows its parts: fit them in, change the configuration, tell what became of all. */
import { networkInterfaces } from "node:os";
import type { Input } from "../../../admin/contract.ts";
import { addressSpaceRivals } from "../../../config/import/address-space-rivals.ts";
import { bindingsElsewhere } from "../../../config/import/bindings-elsewhere.ts";
import { withoutCollisions } from "../../../config/import/collisions.ts";
import { withoutFaults } from "../../../config/import/faults.ts";
import type { ImportedPart, ToDo } from "../../../config/import/finding.ts";
import type { ConfigurationEdit } from "../../../config/edit.ts";
import { isOn, type Arguments } from "../../arguments/value.ts";
import type { Context } from "../../cmdlet.ts";
import type { ConfigurationTarget } from "../../configuration-target.ts";
import type { ExitCode } from "../../exit-code.ts";
import { printImport } from "./print-import.ts";

type Edits = Input<"editConfiguration">["edits"];

/** 1 where nothing at all could be taken, or a new connector cannot listen. */
export async function importParts(
  parts: readonly ImportedPart[],
  target: ConfigurationTarget,
  args: Arguments,
  { output }: Pick<Context, "output">,
): Promise<ExitCode> {
  const whatIf = isOn(args, "WhatIf");
  const fitted = withoutCollisions(withoutFaults(parts), target, isOn(args, "Force"));
  const edits = fitted.flatMap((part) => part.edits);
  const change = edits.length === 0 ? undefined : await target.edit(asInput(edits), whatIf);
  const toDo = [
    ...fitted.flatMap((part) => part.toDo),
    ...bindingsElsewhere(edits, isOwnAddress(ownAddresses())),
    ...addressSpaceRivals(edits, target.sendConnectors),
  ];
  printImport(output, args, { parts: fitted, change, toDo: withoutTwins(toDo), isRunning: target.isRunning });
  if (change !== undefined && change.notListening.length > 0) return 1;
  return edits.length === 0 && fitted.every(({ skipped }) => skipped !== undefined) ? 1 : 0;
}

/** Imports make no other kinds of edit. */
function asInput(edits: readonly ConfigurationEdit[]): Edits {
  return edits as Edits;
}

function ownAddresses(): ReadonlySet<string> {
  return new Set(
    Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .map(({ address }) => address),
  );
}

function isOwnAddress(own: ReadonlySet<string>): (address: string) => boolean {
  return (address) => ["0.0.0.0", "::"].includes(address) || address.startsWith("127.") || own.has(address);
}

function withoutTwins(toDo: readonly ToDo[]): readonly ToDo[] {
  return [...new Map(toDo.map((each) => [`${each.text} ${each.command ?? ""}`, each])).values()];
}
