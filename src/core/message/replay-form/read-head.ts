/** Reads the envelope that a file of the replay form begins with. */
import type { BodyType, Recipient } from "../envelope.ts";
import { endOfHead } from "./write-head.ts";
import { parsePath, type Path } from "../../smtp/address.ts";
import {
  everyParameter,
  noMailParameters,
  noRcptParameters,
  parseMailParameters,
  parseRcptParameters,
} from "../../smtp/parameters.ts";

export interface ReplayHead {
  /** Empty: the null reverse-path. */
  readonly reversePath: string;
  readonly recipients: readonly Recipient[];
  readonly body: BodyType;
  readonly smtpUtf8: boolean;
  readonly requireTls: boolean;
  readonly ret: "FULL" | "HDRS" | undefined;
  readonly envid: string | undefined;
  /** X-HeloDomain: what the client called itself where the message came in first. */
  readonly heloDomain: string | undefined;
  /** Where the message begins. Octets. */
  readonly sizeBytes: number;
}

export type ReplayHeadResult =
  | { readonly ok: true; readonly head: ReplayHead }
  /** The head goes on behind the octets that were given. */
  | { readonly ok: false; readonly more: true }
  | { readonly ok: false; readonly more: false; readonly fault: string };

/** Read over: what they tell concerns Exchange's own servers. */
const passedOver = new Set([
  "x-createdby",
  "x-source",
  "x-sourceipaddress",
  "x-extendedmessageprops",
  "x-endofinjectedxheaders",
]);

const lineFeed = 10;
const space = 32;
const tab = 9;

interface Line {
  /** Lower case. */
  readonly name: string;
  readonly value: string;
  readonly end: number;
}

/** `isWhole`: no octets follow. Lines may end in LF alone. Cost: one pass over the head. */
export function readReplayHead(octets: Buffer, isWhole: boolean): ReplayHeadResult {
  const fault = (text: string): ReplayHeadResult => ({ ok: false, more: false, fault: text });
  let sender: { readonly path: Path; readonly parameters: typeof noMailParameters } | undefined;
  const recipients: Recipient[] = [];
  let heloDomain: string | undefined;
  let at = 0;
  for (;;) {
    const line = lineAt(octets, at, isWhole);
    if (line === "more") return { ok: false, more: true };
    if (line === undefined) break;
    const { name, value } = line;
    if (name === "x-sender") {
      if (sender !== undefined) return fault("X-Sender stands there twice");
      const path = parsePath(value, 0, "reverse");
      if (typeof path === "string") return fault(`X-Sender has no address: ${shown(value)}`);
      const parameters = parseMailParameters(value, path.end, everyParameter);
      if ("refused" in parameters) return fault(`X-Sender: ${parameters.detail}`);
      sender = { path, parameters };
    } else if (name === "x-receiver") {
      const path = parsePath(value, 0, "forward");
      if (typeof path === "string") return fault(`X-Receiver has no address: ${shown(value)}`);
      const parameters =
        path.end >= value.length ? noRcptParameters : parseRcptParameters(value, path.end, everyParameter);
      if ("refused" in parameters) return fault(`X-Receiver: ${parameters.detail}`);
      const { notify, orcpt } = parameters;
      recipients.push({
        forwardPath: path.mailbox,
        ...(notify === undefined ? {} : { notify }),
        ...(orcpt === undefined ? {} : { orcpt }),
      });
    } else if (name === "x-helodomain") heloDomain = value;
    else if (!passedOver.has(name)) break;
    at = line.end;
    if (name === "x-endofinjectedxheaders") break;
  }
  if (sender === undefined) return fault("it does not begin with X-Sender");
  if (recipients.length === 0) return fault("no X-Receiver follows X-Sender");
  const { body, smtpUtf8, requireTls, ret, envid } = sender.parameters;
  return {
    ok: true,
    head: {
      reversePath: sender.path.mailbox,
      recipients,
      body,
      smtpUtf8,
      requireTls,
      ret,
      envid,
      heloDomain,
      sizeBytes: at,
    },
  };
}

/** The field at `at`, unfolded; undefined where none stands; `more` where its end is not there yet. */
function lineAt(octets: Buffer, at: number, isWhole: boolean): Line | "more" | undefined {
  // The last line is not folded: what begins behind it with a space is the message.
  const isLast =
    octets.toString("latin1", at, at + endOfHead.length + 1).toLowerCase() === `${endOfHead}:`.toLowerCase();
  let end = at;
  do {
    const feed = octets.indexOf(lineFeed, end);
    if (feed < 0 && !isWhole) return "more";
    end = feed < 0 ? octets.length : feed + 1;
    if (end === octets.length && !isWhole && !isLast) return "more";
  } while (!isLast && (octets[end] === space || octets[end] === tab));
  const match = /^([A-Za-z-]+)[ \t]*:([\s\S]*)$/.exec(octets.toString("utf8", at, end));
  if (match === null) return undefined;
  const [, name = "", value = ""] = match;
  return { name: name.toLowerCase(), value: value.replaceAll(/\r?\n/g, "").trim(), end };
}

function shown(value: string): string {
  return `“${value.slice(0, 80).replaceAll(/\p{Cc}/gu, "?")}”`;
}
