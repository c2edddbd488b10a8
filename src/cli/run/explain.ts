/** `weir explain`: what happened to a client, or what a reply's reference stands for. */
import { isIP } from "node:net";
import type { AdminClient } from "../../admin/client.ts";
import { isOn, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { writeJson, type Output } from "../output/output.ts";
import { sourceOfApplication } from "./explain-application.ts";
import { explainedReference } from "./explain-reference.ts";
import { explainedMessage } from "./message-tracking.ts";
import { explainedSource } from "./explain-source.ts";

export const explain: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { output, config } = context;
  const text = textOf(args, "What") ?? "";
  const source = isIP(text.trim()) === 0 ? await sourceOfApplication(relay, text) : undefined;
  const what: Meant = source === undefined ? meant(text) : { kind: "source", source };
  const shown: Shown = { json: isOn(args, "Json"), config, output };
  if (what.kind === "source") {
    await showSource(relay, what.source, shown);
    return 0;
  }
  if (what.kind === "message") {
    const story = await relay.call("explainMessage", { message: what.message });
    const isKnown = story.entries.length > 0 || story.waiting.length > 0;
    if (shown.json) writeJson(output, story);
    else if (isKnown) output.write(`${explainedMessage(story).join("\n")}\n`);
    else output.complain(`neither the message tracking log nor a queue knows ${what.message}\n`);
    return isKnown ? 0 : 1;
  }
  const answer = await relay.call("explainReference", { reference: what.reference });
  if (shown.json) writeJson(output, answer);
  else output.write(`${explainedReference(answer, output).join("\n")}\n`);
  if (answer.source !== null && !shown.json) {
    output.write("\n");
    await showSource(relay, answer.source, shown);
  }
  return answer.events.length > 0 ? 0 : 1;
};

interface Shown {
  readonly json: boolean;
  readonly config: string | undefined;
  readonly output: Output;
}

async function showSource(
  relay: AdminClient,
  source: string,
  { json, config, output }: Shown,
): Promise<void> {
  const answer = await relay.call("explainSource", { source });
  if (json) {
    writeJson(output, answer);
    return;
  }
  output.write(`${explainedSource(answer, output, { config }).join("\n")}\n`);
}

type Meant =
  | { readonly kind: "source"; readonly source: string }
  | { readonly kind: "reference"; readonly reference: string }
  | { readonly kind: "message"; readonly message: string };

/** An address, alone or in brackets or as a network; else a reference, alone or in the reply that names it. */
export function meant(text: string): Meant {
  const trimmed = text.trim();
  const address = /^\[([^\]]+)\](?::\d+)?$/.exec(trimmed)?.[1] ?? trimmed.replace(/^([\d.]+):\d+$/, "$1");
  const bare = address.replace(/\/\d+$/, "").replace(/^IPv6:/i, "");
  if (isIP(bare) !== 0)
    return { kind: "source", source: bare === address ? address : address.replace(/^IPv6:/i, "") };
  const internal = /^(?:.*\bInternalId=)?(\d{10,16})(?!\d)/.exec(trimmed)?.[1];
  if (internal !== undefined) return { kind: "message", message: internal };
  if (/^(?:<[^<>\s]+>|[^<>\s]+@[^<>\s]+)$/.test(trimmed)) return { kind: "message", message: trimmed };
  const named = /\bref(?:erence)?:?\s+([0-9A-Z]+)/i.exec(trimmed)?.[1];
  if (named !== undefined) return { kind: "reference", reference: named };
  if (/^[0-9A-HJKMNP-TV-Z]{1,32}$/i.test(trimmed)) return { kind: "reference", reference: trimmed };
  const source = /\bsource\s+([0-9a-f.:]+)/i.exec(trimmed)?.[1];
  if (source !== undefined && isIP(source) !== 0) return { kind: "source", source };
  throw new CommandFault(
    `${trimmed.slice(0, 100)} is neither an IP address, an application's name nor the reference of a reply; give the client's address, or what stands behind "ref" in the reply its log shows`,
    2,
  );
}
