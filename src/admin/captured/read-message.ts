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

/** Of a longer message the beginning is read, for it is read on the loop that mail waits for. */
export const readableBytes = 8 * 1024 * 1024;

/** Reads at most `readableBytes`. Never rejects for what stands in the message. Cost: some 10 ms a megabyte. */
export async function readMessage(content: AsyncIterable<Buffer>): Promise<ReadMessage> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  let isComplete = true;
  for await (const piece of content) {
    const wanted = piece.subarray(0, readableBytes - sizeBytes);
    pieces.push(wanted);
    sizeBytes += wanted.length;
    if (wanted.length === piece.length) continue;
    isComplete = false;
    break;
  }
  const octets = Buffer.concat(pieces, sizeBytes);
  const { default: PostalMime } = await import("postal-mime");
  let email: Email;
  try {
    email = await PostalMime.parse(octets, { attachmentEncoding: "arraybuffer" });
  } catch {
    // Nested too deep, or a header without end: its octets are there all the same.
    return {
      headers: [],
      text: octets.toString("latin1", 0, 64 * 1024),
      html: undefined,
      attachments: [],
      isComplete: false,
    };
  }
  return {
    headers: email.headers.map(({ originalKey, value }) => ({ name: originalKey, value })),
    text: email.text,
    html: email.html,
    attachments: email.attachments.map(attachmentOf),
    isComplete,
  };
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
