/** `weir backup`: asks the relay for one and tells how far it is; without a relay it makes it itself. */
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connectAdmin, type AdminClient, NoRelayError } from "../../admin/client.ts";
import type { Output as Answer } from "../../admin/contract.ts";
import { formatSizeFigure } from "../../core/units/byte-size.ts";
import { counted } from "../../core/units/counted.ts";
import { isOn, numberOf, textOf } from "../arguments/value.ts";
import type { Run } from "../cmdlet.ts";
import { asOwner, foreignOwnerOf, makeDirectoryFor } from "../../ports/as-owner.ts";
import { meantRelay } from "../data-directory.ts";
import { CommandFault } from "../exit-code.ts";
import { writeJson, type Output } from "../output/output.ts";

type State = Answer<"getBackup">;
type Done = Omit<Extract<State, { kind: "done" }>, "kind" | "messages"> & {
  readonly messages: number | null;
};

const lookMs = 200;

export const backup: Run = async (args, { output, config }) => {
  const directory = resolve(textOf(args, "Directory") ?? "");
  const keep = numberOf(args, "Keep");
  const wish = { directory, ...(keep === undefined ? {} : { keep }) };
  const meant = await meantRelay(config);
  const owner = await foreignOwnerOf(meant.dataDirectory);
  if (owner !== undefined) {
    const { assertOutside } = await import("../../backup/make-backup.ts");
    assertOutside(directory, meant.dataDirectory);
    await makeDirectoryFor(owner, directory);
  }
  const relay = await connectAdmin({ dataDirectory: meant.dataDirectory });
  let done: Done;
  try {
    const begun = await begin(relay, wish);
    if (begun === undefined) {
      const { stoppedBackup } = await import("../stopped-backup.ts");
      done = await asOwner(owner, () => stoppedBackup(meant, { directory, keep }, output));
    } else done = await byRelay(relay, begun, output);
  } finally {
    output.progress("");
  }
  if (isOn(args, "Json")) writeJson(output, done);
  else output.write(told(done));
  return 0;
};

/** Undefined: no relay runs. */
async function begin(
  relay: AdminClient,
  wish: { readonly directory: string; readonly keep?: number },
): Promise<State | undefined> {
  try {
    return await relay.call("startBackup", wish);
  } catch (fault) {
    if (fault instanceof NoRelayError && !fault.isDenied) return undefined;
    throw fault;
  }
}

async function byRelay(relay: AdminClient, begun: State, output: Output): Promise<Done> {
  let state = begun;
  const cancel = (): void => void relay.call("cancelBackup", {}).catch(() => undefined);
  output.signal.addEventListener("abort", cancel, { once: true });
  while (state.kind === "running") {
    output.progress(
      `${state.phase}: ${counted(state.files, "file")}, ${formatSizeFigure(state.copiedBytes)} written`,
    );
    await sleep(lookMs);
    state = await relay.call("getBackup", {}).catch((cause: unknown) => {
      if (!(cause instanceof NoRelayError)) throw cause;
      throw new CommandFault("the relay ended while it made the backup: none was made; see its log");
    });
  }
  output.signal.removeEventListener("abort", cancel);
  if (state.kind === "done") return state;
  throw new CommandFault(
    state.kind === "failed"
      ? `no backup was made: ${state.error}`
      : "the relay was started anew: no backup was made",
  );
}

function told({ folder, messages, files, copiedBytes, notIncluded, removed }: Done): string {
  const queued = messages === null ? "" : `${counted(messages, "message")}, `;
  const lines = [
    `${folder}: ${queued}${counted(files, "file")}, ${formatSizeFigure(copiedBytes)} written, the rest linked`,
    ...(removed.length === 0 ? [] : [`removed: ${removed.join(", ")}`]),
    ...notIncluded.map((file) => `not in it, for it does not stand beside the configuration: ${file}`),
  ];
  return `${lines.join("\n")}\n`;
}
