/** From the JSON of a request to the message it is and its envelope; every fault with the path of its field. */
import { domainToASCII } from "node:url";
import { z } from "zod";
import type { Notify } from "../../core/message/envelope.ts";
import type { Email, EmailAttachment, NamedMailbox } from "../../core/message/compose/email.ts";
import { headerFault } from "../../core/message/compose/header-field.ts";
import { mediaTypeFault } from "../../core/message/compose/media-type.ts";
import { isLine } from "../../core/message/compose/header-field.ts";
import { mailboxFault, readMailbox, readMailboxes } from "../../core/message/compose/named-mailbox.ts";
import type { FieldFault } from "../../core/refusals/problem.ts";
import { nearest } from "../../core/units/nearest-name.ts";
import type { SubmittedEnvelope } from "../submission/submission.ts";
import {
  emailSchema,
  notOffered,
  rawSchema,
  type GivenAddress,
  type GivenDelivery,
  type GivenEmail,
} from "./email-schema.ts";

/** `unknown`: the request cannot be read at all, or has a field that there is none of (400); else of a value (422). */
export interface Fault extends FieldFault {
  readonly unknown?: true;
}

export type Envelope = Pick<SubmittedEnvelope, "mailFrom" | "recipients" | "ret" | "envid">;

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
  const parsed = emailSchema.safeParse(value);
  return parsed.success ? readGiven(parsed.data) : faulty(faultsOf(parsed.error, value));
}

function readRaw(value: object): ReadEmail {
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
  const fault = (path: string, message: string): void => void faults.push({ path, message });
  const senders = mailboxes(given.from, "from", fault);
  const [from, ...more] = senders;
  if (more.length > 0) fault("from", "names more than one address");
  const to = mailboxes(given.to, "to", fault);
  const cc = mailboxes(given.cc, "cc", fault);
  const bcc = mailboxes(given.bcc, "bcc", fault);
  const replyTo = mailboxes(given.reply_to, "reply_to", fault);
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
  { envelope, dsn }: GivenDelivery,
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
  };
}

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

type TellFault = (path: string, message: string) => void;

function mailboxes(
  given: GivenAddress | readonly GivenAddress[] | undefined,
  path: string,
  fault: TellFault,
): readonly NamedMailbox[] {
  if (given === undefined) return [];
  const isList = Array.isArray(given);
  const all = (isList ? given : [given]) as readonly GivenAddress[];
  return all.flatMap((one, index) => {
    const at = isList ? `${path}[${index}]` : path;
    const read = typeof one === "string" ? readMailboxes(one) : ownMailbox(one);
    if (read === undefined) fault(at, "is no address, such as a@contoso.com or Name <a@contoso.com>");
    const problem = read?.map((mailbox) => mailboxFault(mailbox, domainToASCII)).find(Boolean);
    if (problem !== undefined) fault(at, problem);
    return read ?? [];
  });
}

function ownMailbox({ email, name = "" }: Exclude<GivenAddress, string>): NamedMailbox[] | undefined {
  const mailbox = readMailbox(email);
  return mailbox === undefined || mailbox.name !== "" ? undefined : [{ ...mailbox, name }];
}

function headersOf(given: GivenEmail["headers"], fault: TellFault): readonly (readonly [string, string])[] {
  const headers = Array.isArray(given) ? given : Object.entries(given ?? {});
  const once = new Set<string>();
  for (const [name, value] of headers) {
    const path = `headers.${name.slice(0, 80)}`;
    const problem = headerFault(name, value);
    const isOwn = /^(?:message-id|date|sender)$/i.test(name);
    if (problem !== undefined) fault(path, problem);
    else if (isOwn && once.has(name.toLowerCase())) fault(path, "stands there twice");
    once.add(name.toLowerCase());
  }
  return headers;
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
  if (filename !== undefined && !isLine(filename)) fault(`${path}.filename`, "holds a line end or a NUL");
  const problem = contentType === undefined ? undefined : mediaTypeFault(contentType);
  if (problem !== undefined) fault(`${path}.content_type`, problem);
  const content =
    typeof given.content === "string" ? base64Octets(given.content) : Buffer.from(given.content.data);
  if (content === undefined) {
    fault(`${path}.content`, "is not Base64");
    return [];
  }
  return [{ content, filename, contentType, contentId, disposition }];
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
  const [first, ...others] = issues.flatMap((issue): Fault[] => {
    const path = pathText(issue.path);
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => ({
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
  return [first ?? { path: "", message: "cannot be read" }, ...others];
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
  return key.slice(0, 80).replaceAll(/[^\x20-\x7e]/g, "?");
}

function pathText(path: readonly PropertyKey[]): string {
  let text = "";
  for (const segment of path)
    text +=
      typeof segment === "number" ? `[${segment}]` : `${text === "" ? "" : "."}${shown(String(segment))}`;
  return text;
}
