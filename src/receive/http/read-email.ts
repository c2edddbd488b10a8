/** From the JSON of a request to the message it is and its envelope; every fault with the path of its field. */
import { domainToASCII } from "node:url";
import { z } from "zod";
import type { Notify } from "../../core/message/envelope.ts";
import type { Email, EmailAttachment, NamedMailbox } from "../../core/message/compose/email.ts";
import { headerFault } from "../../core/message/compose/header-field.ts";
import { filenameFault, mediaTypeFault } from "../../core/message/compose/media-type.ts";
import { isLine } from "../../core/message/compose/header-field.ts";
import {
  mailboxFault,
  mailboxPieces,
  readMailbox,
  readMailboxes,
} from "../../core/message/compose/named-mailbox.ts";
import type { FieldFault } from "../../core/refusals/problem.ts";
import { nearest } from "../../core/units/nearest-name.ts";
import { isAscii } from "../../core/smtp/characters.ts";
import type { SubmittedEnvelope } from "../submission/submission.ts";
import {
  addressSchema,
  emailSchema,
  notOffered,
  rawSchema,
  type GivenAddress,
  type GivenDelivery,
  type GivenEmail,
} from "./email-schema.ts";
import { listFaults, mostAddresses, mostFaultsRead } from "./list-faults.ts";
import { withoutKeys } from "./log-line.ts";

/** `unknown`: the request cannot be read at all, or has a field that there is none of (400); else of a value (422). */
export interface Fault extends FieldFault {
  readonly unknown?: true;
}

export type Envelope = Pick<
  SubmittedEnvelope,
  "mailFrom" | "recipients" | "ret" | "envid" | "requireTls" | "priority"
>;

export type ReadEmail =
  | {
      readonly kind: "email";
      readonly email: Email;
      readonly envelope: Envelope;
      readonly delivery: GivenDelivery;
    }
  /** Its envelope may stand in its header. */
  | { readonly kind: "raw"; readonly content: Buffer; readonly delivery: GivenDelivery }
  | { readonly kind: "faulty"; readonly faults: readonly [Fault, ...Fault[]] };

/** Never throws. Cost: some passes over it. */
export function readEmail(value: unknown): ReadEmail {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return faulty([{ path: "", message: "the body is no JSON object" }]);
  if ("raw" in value) return readRaw(value);
  const lists = faultyLists(value);
  if (lists !== undefined) return lists;
  const parsed = emailSchema.safeParse(value);
  return parsed.success ? readGiven(parsed.data) : faulty(faultsOf(parsed.error, value));
}

function faultyLists(value: object): ReadEmail | undefined {
  const [first, ...others] = listFaults(value, (one) => addressSchema.safeParse(one).success);
  return first && faulty([first, ...others]);
}

function readRaw(value: object): ReadEmail {
  const lists = faultyLists(value);
  if (lists !== undefined) return lists;
  const parsed = rawSchema.safeParse(value);
  if (!parsed.success) return faulty(faultsOf(parsed.error, value));
  const { raw, ...delivery } = parsed.data;
  const content = base64Octets(raw);
  return content === undefined
    ? faulty([{ path: "raw", message: "is not Base64" }])
    : { kind: "raw", content, delivery };
}

function readGiven(given: GivenEmail): ReadEmail {
  const faults: Fault[] = [];
  const fault: TellFault = (path, message) => {
    if (faults.length <= mostFaultsRead) faults.push({ path, message });
    return faults.length > mostFaultsRead;
  };
  const room = { addresses: mostAddresses };
  const senders = mailboxes(given.from, "from", fault, { addresses: mostAddresses });
  const [from, ...more] = senders;
  if (more.length > 0) fault("from", "names more than one address");
  const to = mailboxes(given.to, "to", fault, room);
  const cc = mailboxes(given.cc, "cc", fault, room);
  const bcc = mailboxes(given.bcc, "bcc", fault, room);
  const replyTo = mailboxes(given.reply_to, "reply_to", fault, room);
  const { subject } = given;
  if (subject !== undefined && !isLine(subject)) fault("subject", "holds a line end or a NUL");
  for (const name of ["text", "html"] as const)
    if (given[name]?.includes("\0") === true) fault(name, "holds a NUL");
  const headers = headersOf(given.headers, fault);
  const attachments = (given.attachments ?? []).flatMap((one, index) =>
    attachmentOf(one, `attachments[${index}]`, fault),
  );
  if (given.text === undefined && given.html === undefined && attachments.length === 0)
    fault("text", "is missing; give text, html or attachments");
  const everybody = [...to, ...cc, ...bcc];
  if (everybody.length === 0 && given.envelope?.rcpt_to === undefined)
    fault("to", "is missing; there are no recipients");
  const [first, ...others] = faults;
  if (first !== undefined) return faulty([first, ...others]);
  if (from === undefined) return faulty([{ path: "from", message: "is no address" }]);
  return {
    kind: "email",
    email: { from, to, cc, replyTo, subject, text: given.text, html: given.html, headers, attachments },
    envelope: envelopeOf(addressOf(from), everybody.map(addressOf), given),
    delivery: given,
  };
}

/** `sender`, `recipients`: where `delivery` does not name others. Each recipient once. */
export function envelopeOf(
  sender: string,
  recipients: readonly string[],
  { envelope, dsn, require_tls: requireTls, priority }: GivenDelivery,
): Envelope {
  const notify = notifyOf(dsn?.notify);
  return {
    mailFrom: envelope?.mail_from ?? sender,
    recipients: [...new Set(envelope?.rcpt_to ?? recipients)].map((address) => ({
      address,
      ...(notify === undefined ? undefined : { notify }),
    })),
    ret: dsn?.ret === undefined ? undefined : dsn.ret === "full" ? "FULL" : "HDRS",
    envid: dsn?.envid === undefined ? undefined : xtext(dsn.envid),
    requireTls: requireTls === true,
    priority: priority === undefined ? undefined : priorities[priority],
  };
}

const priorities = { low: "Low", normal: "Normal", high: "High" } as const;

function notifyOf(wanted: readonly string[] | undefined): Notify | undefined {
  return (
    wanted && {
      never: wanted.includes("never"),
      success: wanted.includes("success"),
      failure: wanted.includes("failure"),
      delay: wanted.includes("delay"),
    }
  );
}

/** RFC 3461 §4; of printable ASCII. */
function xtext(text: string): string {
  return text.replaceAll(
    /[^!-*,-<>-~]/g,
    (character) => `+${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

function addressOf({ mailbox: { localPart, domain } }: NamedMailbox): string {
  return `${localPart}@${domain}`;
}

/** True: enough is wrong. */
type TellFault = (path: string, message: string) => boolean;

/** `room`: for addresses of all lists together, since one entry may name many. */
function mailboxes(
  given: GivenAddress | readonly GivenAddress[] | undefined,
  path: string,
  fault: TellFault,
  room: { addresses: number },
): readonly NamedMailbox[] {
  if (given === undefined) return [];
  const isList = Array.isArray(given);
  const all: NamedMailbox[] = [];
  for (const [index, one] of ((isList ? given : [given]) as readonly GivenAddress[]).entries()) {
    const read = typeof one === "string" ? readMailboxes(one) : ownMailbox(one);
    const problem =
      read === undefined
        ? "is no address, such as a@contoso.com or Name <a@contoso.com>"
        : read.map((mailbox) => mailboxFault(mailbox, domainToASCII)).find(Boolean);
    if (problem !== undefined && fault(isList ? `${path}[${index}]` : path, problem)) return all;
    all.push(...(read ?? []));
    room.addresses -= read?.length ?? 0;
    if (room.addresses >= 0) continue;
    fault(path, `has, with the other fields, more than ${mostAddresses} addresses`);
    return all;
  }
  return all;
}

function ownMailbox({ email, name = "" }: Exclude<GivenAddress, string>): NamedMailbox[] | undefined {
  const mailbox = readMailbox(email);
  return mailbox === undefined || mailbox.name !== "" ? undefined : [{ ...mailbox, name }];
}

function headersOf(given: GivenEmail["headers"], fault: TellFault): readonly (readonly [string, string])[] {
  const once = new Set<string>();
  return (Array.isArray(given) ? given : Object.entries(given ?? {})).map(([name, value]) => {
    const path = `headers.${shown(name)}`;
    const known = name.toLowerCase();
    const sender = known === "sender" ? senderField(value) : value;
    const problem = headerFault(name, value) ?? (sender === undefined ? "is not one address" : undefined);
    if (problem !== undefined) fault(path, problem);
    else if (/^(?:message-id|date|sender)$/.test(known) && once.has(known)) fault(path, "stands there twice");
    once.add(known);
    return [name, sender ?? value];
  });
}

/** Written anew as those of `from` are: an address that is encoded with its name is none. */
function senderField(value: string): string | undefined {
  const mailbox = readMailbox(value);
  if (mailbox === undefined || mailboxFault(mailbox, domainToASCII) !== undefined) return undefined;
  const written = mailboxPieces(mailbox, domainToASCII).join(" ");
  return isAscii(written, 0, written.length) ? written : undefined;
}

function attachmentOf(
  given: NonNullable<GivenEmail["attachments"]>[number],
  path: string,
  fault: TellFault,
): readonly EmailAttachment[] {
  const {
    filename,
    content_type: contentType,
    content_id: contentId,
    content_disposition: disposition,
  } = given;
  const named = filename === undefined ? undefined : filenameFault(filename);
  if (named !== undefined) fault(`${path}.filename`, named);
  const problem = contentType === undefined ? undefined : mediaTypeFault(contentType);
  if (problem !== undefined) fault(`${path}.content_type`, problem);
  const content =
    typeof given.content === "string" ? base64Octets(given.content) : listedOctets(given.content.data);
  if (content === undefined) {
    const what = typeof given.content === "string" ? "is not Base64" : "is no Buffer of Node.js";
    fault(`${path}.content`, what);
    return [];
  }
  return [{ content, filename, contentType, contentId, disposition }];
}

function listedOctets(data: unknown): Buffer | undefined {
  if (!Array.isArray(data)) return undefined;
  const octets = Buffer.allocUnsafe(data.length);
  for (const [index, value] of data.entries()) {
    if (!Number.isInteger(value) || value < 0 || value > 255) return undefined;
    octets[index] = value as number;
  }
  return octets;
}

/** With or without line ends and padding; undefined where it is another thing. */
function base64Octets(text: string): Buffer | undefined {
  const digits = /[\s]/.test(text) ? text.replaceAll(/\s+/g, "") : text;
  const octets = Buffer.from(digits, "base64");
  // Node leaves out what it does not know, so that the length tells.
  const bare = digits.endsWith("==")
    ? digits.length - 2
    : digits.endsWith("=")
      ? digits.length - 1
      : digits.length;
  const isWhole = bare % 4 !== 1 && octets.length === Math.floor((bare * 3) / 4) && !/[-_]/.test(digits);
  return isWhole ? octets : undefined;
}

function faulty(faults: readonly [Fault, ...Fault[]]): ReadEmail {
  return { kind: "faulty", faults };
}

function faultsOf({ issues }: z.ZodError, given: object): readonly [Fault, ...Fault[]] {
  const enough = mostFaultsRead + 1;
  const [first, ...others] = issues.slice(0, enough).flatMap((issue): Fault[] => {
    const path = pathText(issue.path);
    if (issue.code === "unrecognized_keys")
      return issue.keys.slice(0, enough).map((key) => ({
        path: path === "" ? shown(key) : `${path}.${shown(key)}`,
        message: unknownText(key, issue.path, given),
        unknown: true,
      }));
    if (valueAt(given, issue.path) === undefined) return [{ path, message: "is missing" }];
    // What was wrong with each form of a union says too much.
    if (issue.code === "invalid_union")
      return [
        { path, message: isAddress(issue.path) ? "is no address" : "is of another kind than it has to be" },
      ];
    return [{ path, message: issue.message }];
  });
  return [first ?? { path: "", message: "cannot be read" }, ...others.slice(0, mostFaultsRead)];
}

function isAddress([field]: readonly PropertyKey[]): boolean {
  return ["from", "to", "cc", "bcc", "reply_to"].includes(String(field));
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  let value = given;
  for (const name of path) value = (value as Readonly<Record<PropertyKey, unknown>> | undefined)?.[name];
  return value;
}

function unknownText(key: string, at: readonly PropertyKey[], given: object): string {
  if ("raw" in given && at.length === 0 && Object.hasOwn(emailSchema.shape, key))
    return "stands beside raw, which is the whole message";
  const reason = Object.hasOwn(notOffered, key) ? notOffered[key] : undefined;
  if (reason !== undefined) return `is not offered: ${reason}`;
  const near = nearest(key, namesAt(at));
  return near === undefined ? "is not known here" : `is not known here; is it ${near}?`;
}

function namesAt(at: readonly PropertyKey[]): readonly string[] {
  const { shape } = emailSchema;
  switch (at[0]) {
    case undefined:
      return [...Object.keys(shape), "raw"];
    case "attachments":
      return ["filename", "content", "content_type", "content_id", "content_disposition"];
    case "envelope":
      return ["mail_from", "rcpt_to"];
    case "dsn":
      return ["notify", "ret", "envid"];
    default:
      return ["email", "name", "value"];
  }
}

function shown(key: string): string {
  return withoutKeys(key)
    .slice(0, 80)
    .replaceAll(/[^\x20-\x7e]/g, "?");
}

function pathText(path: readonly PropertyKey[]): string {
  let text = "";
  for (const segment of path)
    text +=
      typeof segment === "number" ? `[${segment}]` : `${text === "" ? "" : "."}${shown(String(segment))}`;
  return text;
}
