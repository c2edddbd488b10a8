/**
 * `weir sendmail`, and by links sendmail, mailq and newaliases: what programs call that know no SMTP. It hands mail to the
 * relay as any client, so that limits and rights hold; it never touches the spool. Loads little: it is started for each mail.
 */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { configuredRelay, type ConfiguredRelay } from "./configured-relay.ts";
import { ConnectionLost, converse } from "./conversation.ts";
import { exitStatus, type ExitStatus } from "./exit-status.ts";
import { readRequest, type SubmitOptions } from "./options.ts";
import { prepareMessage, qualifiedAddress } from "./prepare-message.ts";
import { readAddressList } from "../../core/message/recipient-fields/address-list.ts";
import { readInput } from "./read-input.ts";
import { userName } from "./user-name.ts";
import { submit, type SubmissionResult, type SubmittedMessage } from "./submit.ts";

export interface Caller {
  /** What the program was called by: `sendmail`, `mailq`, `newaliases`. */
  readonly name: string;
  readonly words: readonly string[];
  /** Also ./weir.yaml is looked for: for who types `weir sendmail`, not for who calls sendmail somewhere. */
  readonly looksHere: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input: () => AsyncIterable<Buffer>;
  readonly write: (text: string) => void;
  readonly complain: (text: string) => void;
}

/** Resolves with the exit code (sysexits.h); never rejects. 0: every recipient's mail is in the relay's hands. */
export async function sendmail(caller: Caller): Promise<ExitStatus> {
  const { name, words } = caller;
  const complain = (text: string): void => caller.complain(`${name}: ${text}\n`);
  try {
    const request = readRequest(name, words);
    switch (request.kind) {
      case "usage":
        complain(request.message);
        return exitStatus.usage;
      case "aliases":
        caller.write("weir has no alias database; nothing was to be rebuilt\n");
        return exitStatus.ok;
      case "flush":
        // Whoever runs it from cron wants no mail about it.
        return exitStatus.ok;
      case "queue":
        return await showQueue(caller, complain);
      case "smtp":
        return await passThrough(await configuredRelay(relayNamed(caller)), complain);
      case "submit":
        return await hand(request, caller, complain);
    }
  } catch (fault) {
    complain(fault instanceof Error ? fault.message : String(fault));
    return exitStatus.software;
  }
}

const relayNamed = ({ env, looksHere }: Caller) => ({
  env,
  places: [...(looksHere ? ["weir.yaml"] : []), ...systemPlaces(env)],
});

function systemPlaces(env: Caller["env"]): string[] {
  if (process.platform !== "win32") return ["/etc/weir/weir.yaml"];
  const { ProgramData } = env;
  return ProgramData === undefined ? [] : [`${ProgramData}\\weir\\weir.yaml`];
}

async function hand(
  options: SubmitOptions,
  caller: Caller,
  complain: (text: string) => void,
): Promise<ExitStatus> {
  const relay = await configuredRelay(relayNamed(caller));
  const domain = relay.domain ?? mailName();
  const user = userName(caller.env);
  const input = await readInput(caller.input(), options);
  const { content, recipients, unreadable } = prepareMessage(input, options, {
    user,
    domain,
    fullName: options.fullName,
    now: new Date(),
    messageId: `${Date.now().toString(36)}.${process.pid}.${Math.random().toString(36).slice(2)}`,
  });
  const named = addressesIn(options.recipients, domain);
  const bad = [...unreadable, ...named.unreadable];
  if (bad.length > 0) {
    for (const text of bad) complain(`no address: ${text}`);
    return exitStatus.dataError;
  }
  const all = [...new Set([...named.addresses, ...recipients])];
  if (all.length === 0) {
    complain("the header names no recipients");
    return exitStatus.dataError;
  }
  const { sender } = options;
  const from =
    sender === undefined
      ? { addresses: [`${user}@${domain}`], unreadable: [] }
      : addressesIn([sender], domain);
  if (sender !== "" && from.addresses.length !== 1) {
    complain(`no address of a sender: ${sender ?? user}`);
    return exitStatus.usage;
  }
  const message = {
    ...options,
    sender: sender === "" ? "" : (from.addresses[0] ?? ""),
    recipients: all,
    content,
  };
  return told(await deliver(relay, message, options.verbose ? caller.write : () => undefined), complain);
}

function told(result: SubmissionResult, complain: (text: string) => void): ExitStatus {
  if (result.kind === "accepted") return exitStatus.ok;
  if (result.kind === "noRelay") {
    complain(`no relay takes mail: ${result.reason}`);
    return exitStatus.temporaryFailure;
  }
  for (const reason of result.reasons) complain(reason);
  return result.status;
}

/**
 * To the first endpoint that takes mail from here: one that wants a log-on or TLS is another door of the same relay. Where
 * nobody answers, into the Replay directory.
 */
async function deliver(
  { endpoints, replayDirectory }: ConfiguredRelay,
  message: SubmittedMessage,
  show: (text: string) => void,
): Promise<SubmissionResult> {
  const reasons: string[] = [];
  let notHere: SubmissionResult | undefined;
  for (const endpoint of endpoints) {
    try {
      const talk = await converse(endpoint, (line) => show(`${line}\n`));
      const result = await submit(talk, message, mailName());
      if (result.kind === "notHere") {
        notHere ??= { ...result, kind: "refused" };
        continue;
      }
      if (result.kind !== "noRelay") return result;
      reasons.push(`${endpoint.host}:${endpoint.port}: ${result.reason}`);
    } catch (fault) {
      if (!(fault instanceof ConnectionLost)) throw fault;
      reasons.push(fault.message);
    }
  }
  if (notHere !== undefined) return notHere;
  const reason = reasons.join("; ");
  if (replayDirectory === undefined) return { kind: "noRelay", reason };
  const { leaveForReplay } = await import("./leave-for-replay.ts");
  try {
    leaveForReplay(replayDirectory, message);
    return { kind: "accepted" };
  } catch (fault) {
    return {
      kind: "noRelay",
      reason: `${reason}; ${fault instanceof Error ? fault.message : String(fault)}`,
    };
  }
}

/** The caller speaks SMTP itself, on standard input and output. */
async function passThrough(
  { endpoints }: ConfiguredRelay,
  complain: (text: string) => void,
): Promise<ExitStatus> {
  const { passSmtp } = await import("./pass-smtp.ts");
  let reason = "";
  for (const endpoint of endpoints) {
    const result = await passSmtp(endpoint);
    if (result === undefined) return exitStatus.ok;
    reason = result;
  }
  complain(`no relay takes mail: ${reason}`);
  return exitStatus.temporaryFailure;
}

async function showQueue(caller: Caller, complain: (text: string) => void): Promise<ExitStatus> {
  const { printQueue } = await import("./mail-queue.ts");
  const { env } = caller;
  const file = env["WEIR_CONFIG"] || relayNamed(caller).places.find(isThere);
  try {
    await printQueue(file, caller.write);
    return exitStatus.ok;
  } catch (fault) {
    complain(fault instanceof Error ? fault.message : String(fault));
    const isDenied = fault instanceof Error && "isDenied" in fault && fault.isDenied === true;
    return isDenied ? exitStatus.noPermission : exitStatus.unavailable;
  }
}

function isThere(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}

function addressesIn(
  words: readonly string[],
  domain: string,
): { readonly addresses: readonly string[]; readonly unreadable: readonly string[] } {
  const addresses: string[] = [];
  const unreadable: string[] = [];
  for (const entry of words.flatMap((word) =>
    readAddressList(word, (text) => qualifiedAddress(text, domain)),
  ))
    if (entry.kind === "mailbox") addresses.push(`${entry.mailbox.localPart}@${entry.mailbox.domain}`);
    else unreadable.push(entry.kind === "group" ? entry.name : entry.text);
  return { addresses, unreadable };
}

/** Debian: /etc/mailname. */
function mailName(): string {
  try {
    const name = readFileSync("/etc/mailname", "utf8").trim();
    if (/^[\w.-]+$/.test(name)) return name;
  } catch {
    // Then the machine's.
  }
  return hostname();
}
