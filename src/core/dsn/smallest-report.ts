/**
 * A report that was refused, in the smallest form there is: no original, nothing of its Subject; and what an
 * administrator is told when that is refused too. Works on the reports `report.ts` builds.
 */

/** Further recipients are counted only. */
const mostNamed = 10;

interface Parts {
  /** Header and preamble. */
  readonly head: string;
  readonly boundary: string;
  /** Each from behind its delimiter on. */
  readonly parts: readonly string[];
}

/** As latin1, so that octets stay octets. Undefined for anything that is not built as our reports are. */
function partsOf(content: Buffer): Parts | undefined {
  const text = content.toString("latin1");
  const header = text.slice(0, text.indexOf("\r\n\r\n") + 2);
  const boundary = /^Content-Type: multipart\/report;[^]*?\r\n boundary="([^"]+)"\r$/m.exec(header)?.[1];
  if (boundary === undefined) return undefined;
  const [head = "", ...parts] = text.split(`\r\n--${boundary}`);
  return parts.pop() === "--\r\n" && parts.length >= 2 ? { head, boundary, parts } : undefined;
}

/**
 * Undefined where there is nothing to leave out: then this was the smallest form already. `messageId`: the new one,
 * with angle brackets. Cost: copies of the report.
 */
export function smallestReport(content: Buffer, messageId: string): Buffer | undefined {
  const found = partsOf(content);
  if (found === undefined || found.parts.length < 3) return undefined;
  const [human = "", status = ""] = found.parts;
  const head = found.head
    .replace(/^Subject: ([A-Za-z ]+):[^]*?\r\n(?![ \t])/m, "Subject: $1: your message\r\n")
    .replace(/^Message-ID: .*\r\n/m, `Message-ID: ${messageId}\r\n`);
  const text = human.replace(
    /^The (?:header of the )?original message is attached\.\r$/m,
    "The original message could not be attached.\r",
  );
  const delimiter = `\r\n--${found.boundary}`;
  return Buffer.from(`${head}${delimiter}${text}${delimiter}${status}${delimiter}--\r\n`, "latin1");
}

/** Who was not reached, for what reason, and by which message: ` It was to tell that …`, or nothing. */
export function reportedWords(content: Buffer): string {
  const found = partsOf(content);
  if (found === undefined) return "";
  const status = Buffer.from(found.parts[1] ?? "", "latin1").toString("utf8");
  const each = [
    ...status.matchAll(/^Final-Recipient: [^;\r]*;([^\r]*)\r\nAction: ([a-z]+)\r\nStatus: ([\d.]+)/gm),
  ];
  if (each.length === 0) return "";
  const named = each.slice(0, mostNamed).map(([, who, action, code]) => `${who?.trim()} (${action} ${code})`);
  if (each.length > mostNamed) named.push(`${each.length - mostNamed} more`);
  const messageId = /^In-Reply-To: (<[^>\r]*>)\r$/m.exec(found.head)?.[1];
  return ` It was the report on message ${messageId ?? "without Message-ID"} to ${named.join(", ")}.`;
}
