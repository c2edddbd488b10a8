/** The HTML of a captured message, fit to be shown: it can run nothing, reach nothing and leave nothing. */
import type { ReadAttachment, ReadMessage } from "./read-message.ts";

/**
 * The browser enforces it whatever the HTML says: no scripts, no forms, no network, an origin of its own. Styles and
 * pictures that came along are shown.
 */
export const htmlHeaders = {
  "content-security-policy":
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'",
  "x-frame-options": "SAMEORIGIN",
  "content-disposition": "inline",
} as const;

const pictures = /^image\/(?:png|jpeg|gif|webp|bmp)$/;
const largestPictureBytes = 2 * 1024 * 1024;

/** Pictures that it names by `cid:` stand in it. Text alone is shown as text. */
export function shownHtml({
  html,
  text,
  attachments,
}: Pick<ReadMessage, "html" | "text" | "attachments">): string {
  if (html === undefined) return `<!doctype html><meta charset="utf-8"><pre>${escaped(text ?? "")}</pre>`;
  const byId = new Map(attachments.map((one) => [one.contentId, one]));
  return `<!doctype html><meta charset="utf-8">${html.replace(/\bcid:([^"'\s()<>]+)/gi, (name, id: string) => dataUri(byId.get(unescapedId(id))) ?? name)}`;
}

function dataUri(attachment: ReadAttachment | undefined): string | undefined {
  if (attachment === undefined || attachment.octets.length > largestPictureBytes) return undefined;
  const mediaType = attachment.mediaType.toLowerCase();
  if (!pictures.test(mediaType)) return undefined;
  return `data:${mediaType};base64,${Buffer.from(attachment.octets).toString("base64")}`;
}

function unescapedId(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign] ?? sign);
}
