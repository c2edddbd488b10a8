/** Suspend-Service, Resume-Service, reload, stop. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Output as Answer } from "../../admin/contract.ts";
import { counted } from "../../core/units/counted.ts";
import { isOn } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { writeJson } from "../output/output.ts";
import { printChange } from "../output/print-change.ts";

export const suspendService: Run = async (args, { output, ...context }) => {
  const relay = await relayOf(context);
  const state = await relay.call("suspendService", {});
  if (isOn(args, "Json")) writeJson(output, state);
  else
    output.write(
      `${state.changed ? "the service is suspended: it takes no new mail" : "the service is suspended already"}; ${left(state)}\n`,
    );
  return 0;
};

export const resumeService: Run = async (args, { output, ...context }) => {
  const relay = await relayOf(context);
  const state = await relay.call("resumeService", {});
  if (isOn(args, "Json")) writeJson(output, state);
  else output.write(state.changed ? "the service takes mail again\n" : "the service is not suspended\n");
  return 0;
};

function left({ queued, sessions }: Answer<"suspendService">): string {
  const waiting = counted(queued, "message waits", "messages wait");
  return `${waiting} to be delivered, ${counted(sessions, "session is", "sessions are")} open; weir status shows what is left`;
}

export const reload: Run = async (args, context) => {
  const relay = await relayOf(context);
  const change = await relay.call("reloadConfiguration", {});
  printChange(context.output, args, change, { subject: change.file, kinds: new Map() });
  return 0;
};

export const healthcheck: Run = async (args, { output, ...context }) => {
  const relay = await relayOf(context);
  const { ready, reasons } = await relay.call("about", {});
  if (!ready && isOn(args, "Ready")) throw new CommandFault(`no mail is taken: ${reasons.join("; ")}`);
  output.write(ready ? "takes mail\n" : `answers, but takes no mail: ${reasons.join("; ")}\n`);
  return 0;
};

const lookMs = 100;
/** Behind what sessions and deliveries get, for closing the spool. */
const closingMs = 10_000;

export const stop: Run = async (args, { output, ...context }) => {
  const relay = await relayOf(context);
  const { pid, graceMs, sessions } = await relay.call("stopRelay", {});
  const looks = (graceMs + closingMs) / lookMs;
  for (let look = 0; look < looks && isAlive(pid); look++) {
    if (output.signal.aborted) return 1;
    if (look === 1000 / lookMs)
      output.progress(`process ${pid} ends when its sessions (${sessions}) and deliveries have ended`);
    await sleep(lookMs);
  }
  output.progress("");
  if (isAlive(pid))
    throw new CommandFault(
      `the relay, process ${pid}, was told to stop and still runs after ${(graceMs + closingMs) / 1000} s; its log says what it waits for`,
    );
  if (isOn(args, "Json")) writeJson(output, { pid, stopped: true });
  else output.write(`the relay, process ${pid}, has stopped\n`);
  return 0;
};

/** A process of somebody else lives, too. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
