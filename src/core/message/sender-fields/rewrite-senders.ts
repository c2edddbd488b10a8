/**
 * The head of a message with other senders in From and Sender. Everything else stays octet by octet, but for signatures
 * (DKIM) over what is changed, which would not hold any more: they go.
 */
import type { SenderRewriting } from "../../policy/address-rewriting.ts";
import { headerFields, type HeaderField } from "../../dkim/header-fields.ts";
import { fieldWith, rewriteSenderField } from "./sender-field.ts";

const lineEnd = Buffer.from("\r\n");

/**
 * `head`: with the CRLF of its last line, without the empty one. `sender`: whom the message comes from on the way out; it
 * becomes the author of a message that names none. Undefined: it stays as it is. Where the author is changed and no Reply-To
 * is there, the author becomes one. Linear in its length; nothing is decoded but the addresses of those fields.
 */
export function rewriteSenders(
  head: Buffer,
  rewrite: SenderRewriting,
  sender: string | undefined,
): Buffer | undefined {
  const fields = headerFields(head).map((field) => ({ field, name: field.name.toLowerCase() }));
  const has = (wanted: string): boolean => fields.some(({ name }) => name === wanted);
  const changed = new Set<string>();
  const instead = new Map<HeaderField, readonly Buffer[]>();
  let author: string | undefined;
  for (const { field, name } of fields) {
    if (name !== "from" && name !== "sender") continue;
    const rewritten = rewriteSenderField(field.octets, rewrite);
    if (rewritten === undefined) continue;
    changed.add(name);
    const isAuthor = name === "from" && author === undefined && rewritten.before !== undefined;
    if (isAuthor) author = rewritten.before;
    const replyTo =
      isAuthor && !has("reply-to") && author !== undefined ? [fieldWith("Reply-To", author)] : [];
    if (replyTo.length > 0) changed.add("reply-to");
    instead.set(field, [rewritten.octets, ...replyTo]);
  }
  const added: Buffer[] = [];
  if (!has("from") && sender !== undefined) {
    changed.add("from");
    added.push(Buffer.from(`From: <${sender}>`));
  }
  if (changed.size === 0) return undefined;
  for (const { field, name } of fields)
    if (name === "dkim-signature" && covers(field, changed)) instead.set(field, []);
  return put(head, fields, instead, added);
}

function put(
  head: Buffer,
  fields: readonly { readonly field: HeaderField }[],
  instead: ReadonlyMap<HeaderField, readonly Buffer[]>,
  added: readonly Buffer[],
): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { field } of fields) {
    const end = Math.min(head.length, at + field.octets.length + lineEnd.length);
    const others = instead.get(field);
    if (others === undefined) pieces.push(head.subarray(at, end));
    else for (const other of others) pieces.push(other, lineEnd);
    at = end;
  }
  // A head that the end of the message cuts off.
  if (at > 0 && added.length > 0 && head[at - 1] !== 10) pieces.push(lineEnd);
  for (const octets of added) pieces.push(octets, lineEnd);
  pieces.push(head.subarray(at));
  return Buffer.concat(pieces);
}

/** Whether a signature is of one of the fields, or of there being no more of them. One that cannot be read counts as such. */
function covers({ octets }: HeaderField, changed: ReadonlySet<string>): boolean {
  const unfolded = octets.toString("latin1").replaceAll(/\r\n(?=[ \t])/gu, "");
  const signed = /[:;]\s*h\s*=([^;]*)/u.exec(unfolded)?.[1];
  return signed === undefined || signed.split(":").some((name) => changed.has(name.trim().toLowerCase()));
}
