/** `POST /v1/emails`: a message as JSON, made MIME here, or whole in Base64. */
import { createHash, randomBytes } from "node:crypto";
import { domainToASCII } from "node:url";
import { readStrictJson, type JsonLimits } from "../../core/json/strict-json.ts";
import { composeMessage } from "../../core/message/compose/compose.ts";
import { refusedDeclaredSize, refusedSize } from "../../core/refusals/limit-refusals.ts";
import { handIn } from "./hand-in.ts";
import type { HttpExchange } from "./http-exchange.ts";
import type { HttpServices } from "./http-services.ts";
import { handInRaw, inOnePiece, shownName } from "./post-raw.ts";
import { readEmail } from "./read-email.ts";
import { refuseFaults } from "./refuse-faults.ts";
import { readWhole, type BodyMemory } from "./request-body.ts";

const jsonLimits: JsonLimits = { maxDepth: 12, maxValues: 200_000, maxItems: 20_000_000 };
/** Room for names, text and escapes beside Base64. Octets. */
const besidesBytes = 1024 * 1024;
/** Larger requests are for POST /v1/emails/raw. Octets. */
const largestBytes = 256 * 1024 * 1024;

export async function postEmail(
  exchange: HttpExchange,
  services: HttpServices,
  memory: BodyMemory,
): Promise<void> {
  const [unknown] = exchange.query.keys();
  if (unknown !== undefined)
    return refuseFaults(exchange, [
      {
        path: shownName(unknown),
        message: "stands in the query; what is asked stands in the JSON",
        unknown: true,
      },
    ]);
  const { connector, rights } = exchange.submitter;
  const maxMessageBytes = rights.bypassMessageSizeLimit ? Infinity : connector.maxMessageSize;
  const maxBytes = Math.min(maxMessageBytes * 1.4 + besidesBytes, largestBytes);
  const octets = await readWhole(exchange.body, maxBytes, memory, (seen, isWhole) =>
    isWhole
      ? refusedDeclaredSize(seen, maxMessageBytes)
      : refusedSize("messageTooLarge", seen, maxMessageBytes, false),
  );
  const json = readStrictJson(octets, jsonLimits);
  if (!json.ok)
    return refuseFaults(exchange, [
      { path: "", message: `the body is no JSON that is taken: ${json.fault}`, unknown: true },
    ]);
  const read = readEmail(json.value);
  if (read.kind === "faulty") return refuseFaults(exchange, read.faults);
  // Asked for under a key alone.
  const fingerprint =
    exchange.header("idempotency-key") === undefined
      ? undefined
      : createHash("sha256").update(octets).digest();
  if (read.kind === "raw") {
    const { content, delivery } = read;
    return handInRaw(exchange, services, inOnePiece(content), content.length, delivery, fingerprint);
  }
  const { content, smtpUtf8, messageId } = composeMessage(read.email, {
    now: services.clock.wall(),
    token: randomBytes(16).toString("hex"),
    domain: connector.defaultDomain ?? connector.fqdn,
    toAscii: domainToASCII,
  });
  const sizeBytes = content.reduce((sum, piece) => sum + piece.length, 0);
  const envelope = { ...read.envelope, body: "7BIT", sizeBytes, smtpUtf8 } as const;
  return handIn(exchange, services, envelope, content, {
    delivery: read.delivery,
    fingerprint,
    messageId,
  });
}
