/** A captured message as people look at it: postal-mime reads it, nothing here runs or fetches anything of it. */
import type { Attachment, Email } from "postal-mime";

export interface ReadAttachment {
  readonly fileName: string;
  readonly mediaType: string;
  /** Without angle brackets; empty where it has none. */
  readonly contentId: string;
  readonly isInline: boolean;
  readonly octets: Uint8Array;
}

export interface ReadMessage {
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** Undefined: it has none. */
  readonly text: string | undefined;
  /** As it came, and not to be shown but in a frame without rights. */
  readonly html: string | undefined;
  readonly attachments: readonly ReadAttachment[];
  /** False: only its beginning was read. */
  readonly isComplete: boolean;
}

/** Never rejects for what stands in the message, but may take seconds for what is meant to: not for the loop that mail waits for. */
export async function parseMessage(octets: Uint8Array, isWhole: boolean): Promise<ReadMessage> {
  const { default: PostalMime } = await import("postal-mime");
  let email: Email;
  try {
    email = await PostalMime.parse(octets, { attachmentEncoding: "arraybuffer" });
  } catch {
    // Nested too deep, or a header without end.
    return unread(octets);
  }
  return {
    headers: email.headers.map(({ originalKey, value }) => ({ name: originalKey, value })),
    text: email.text,
    html: email.html,
    attachments: email.attachments.map(attachmentOf),
    isComplete: isWhole,
  };
}

const shownOfUnreadBytes = 64 * 1024;

/** What cannot be read as MIME: its octets are there all the same. */
export function unread(octets: Uint8Array): ReadMessage {
  const text = Buffer.from(octets.subarray(0, shownOfUnreadBytes)).toString("latin1");
  return { headers: [], text, html: undefined, attachments: [], isComplete: false };
}

/** RFC 2047, for lists. */
export async function subjectReader(): Promise<(subject: string) => string> {
  const { decodeWords } = await import("postal-mime");
  return (subject) => {
    try {
      return decodeWords(subject);
    } catch {
      return subject;
    }
  };
}

function attachmentOf(attachment: Attachment): ReadAttachment {
  const { filename, mimeType, contentId, disposition, related, content } = attachment;
  return {
    fileName: filename ?? "",
    mediaType: mimeType,
    contentId: (contentId ?? "").replace(/^<|>$/g, ""),
    isInline: disposition === "inline" || related === true,
    octets: typeof content === "string" ? Buffer.from(content) : new Uint8Array(content),
  };
}
