/** Captured mail. */
import { applicationOf } from "../../core/policy/application.ts";
import { parseDuration } from "../../core/units/duration.ts";
import { parseAddress } from "../../core/units/ip-address.ts";
import type { Administered, Handlers, Octets } from "../administered.ts";
import { awaitCaptured, type Captured } from "../captured/await-captured.ts";
import { createMessageReader } from "../captured/read-in-thread.ts";
import { subjectReader, type ReadMessage } from "../captured/read-message.ts";
import { htmlHeaders, shownHtml } from "../captured/shown-html.ts";
import type { Output, ReadInput } from "../contract.ts";
import { AdminRefusal } from "../refusal.ts";

type Names =
  | "listCaptured"
  | "getCaptured"
  | "getCapturedSource"
  | "getCapturedHtml"
  | "getCapturedAttachment"
  | "removeCaptured"
  | "removeAllCaptured";
type Filter = ReadInput<"removeAllCaptured">;

/** Who waits holds a connection. */
const mostWaiting = 500;

export function capturedHandlers({ relay, clock }: Administered): Pick<Handlers, Names> {
  const box = relay.captured;
  const read = createMessageReader(clock);
  let waiting = 0;

  const shown = (message: Captured, subjectOf: (subject: string) => string) => {
    const { capturedAt, mailFrom, rcptTo, subject, sourceAddress, user, ...rest } = message;
    const address = parseAddress(sourceAddress);
    const application = address && applicationOf(relay.settings.applications, { address, user })?.name;
    return {
      ...rest,
      capturedAt: new Date(capturedAt).toISOString(),
      from: mailFrom,
      to: [...rcptTo],
      subject: subjectOf(subject),
      source: sourceAddress,
      application: application ?? null,
      user: user ?? null,
    } satisfies Output<"listCaptured">["messages"][number];
  };
  const there = async (id: string): Promise<Captured> => {
    const found = await box.find(id);
    if (found === undefined) throw missing(id);
    return found;
  };
  const contentOf = async (id: string): Promise<AsyncIterable<Buffer>> => {
    const content = await box.contentOf(id);
    if (content === undefined) throw missing(id);
    return content;
  };
  const readOf = async (id: string): Promise<ReadMessage> => read(await contentOf(id));

  return {
    async listCaptured({ limit, wait, ...filter }, { signal }) {
      const subjectOf = await subjectReader();
      const fits = filterOf(filter, subjectOf);
      const waitMs = durationOf(wait);
      if (waitMs > 0 && waiting >= mostWaiting)
        throw new AdminRefusal(
          "tooManyRequests",
          `${mostWaiting} requests wait for captured mail already`,
          undefined,
          1,
        );
      // It may come between the look and the wait.
      const awaited = waitMs > 0 ? awaitCaptured(box, fits, { waitMs, clock, signal }) : undefined;
      waiting++;
      try {
        let found = (await box.all()).filter(fits);
        if (found.length === 0 && awaited !== undefined) {
          await awaited.ended;
          found = (await box.all()).filter(fits);
        }
        return { messages: found.slice(0, limit).map((one) => shown(one, subjectOf)), total: found.length };
      } finally {
        waiting--;
        awaited?.cancel();
      }
    },
    async getCaptured({ id }) {
      const message = await there(id);
      const { headers, text, html, attachments, isComplete } = await readOf(id);
      return {
        ...shown(message, await subjectReader()),
        headers: [...headers],
        text: text ?? null,
        html: html ?? null,
        attachments: attachments.map(({ octets, isInline, ...one }, index) => ({
          index,
          ...one,
          inline: isInline,
          sizeBytes: octets.length,
        })),
        complete: isComplete,
      };
    },
    async getCapturedSource({ id }) {
      const { sizeBytes } = await there(id);
      return { fileName: `${id}.eml`, sizeBytes, chunks: await contentOf(id) };
    },
    async getCapturedHtml({ id }) {
      return { ...wholeOctets(`${id}.html`, Buffer.from(shownHtml(await readOf(id)))), headers: htmlHeaders };
    },
    async getCapturedAttachment({ id, index }) {
      const attachment = (await readOf(id)).attachments[index];
      if (attachment === undefined)
        throw new AdminRefusal("notFound", `captured message ${id} has no attachment ${index}`);
      const name = attachment.fileName.replace(/[^\w.-]+/g, "_").slice(-100);
      return wholeOctets(name === "" ? `attachment-${index}` : name, attachment.octets);
    },
    async removeCaptured({ id }) {
      if ((await box.remove([id])) === 0) throw missing(id);
      return { removed: 1 };
    },
    async removeAllCaptured(filter) {
      const fits = filterOf(filter, await subjectReader());
      return { removed: await box.remove((await box.all()).filter(fits).map(({ id }) => id)) };
    },
  };
}

function missing(id: string): AdminRefusal {
  return new AdminRefusal("notFound", `there is no captured message ${id}`);
}

function durationOf(text: string | undefined): number {
  const parsed = text === undefined ? undefined : parseDuration(text);
  return parsed?.ok === true ? parsed.value : 0;
}

function wholeOctets(fileName: string, octets: Uint8Array): Octets {
  // oxlint-disable-next-line require-await
  async function* chunks(): AsyncIterable<Uint8Array> {
    if (octets.length > 0) yield octets;
  }
  return { fileName, sizeBytes: octets.length, chunks: chunks() };
}

function filterOf(
  { to, from, subject, connector, since }: Filter,
  subjectOf: (subject: string) => string,
): (message: Captured) => boolean {
  const [toFits, fromFits] = [pattern(to), pattern(from)];
  const part = subject?.toLowerCase();
  const earliest = since === undefined ? -Infinity : Date.parse(since);
  return (message) =>
    message.capturedAt >= earliest &&
    (toFits === undefined || message.rcptTo.some((one) => toFits.test(one))) &&
    (fromFits === undefined || fromFits.test(message.mailFrom)) &&
    (connector === undefined || message.connector.toLowerCase() === connector.toLowerCase()) &&
    (part === undefined || subjectOf(message.subject).toLowerCase().includes(part));
}

/** `*` is any characters; one after another counts once, so that it takes no time. */
function pattern(text: string | undefined): RegExp | undefined {
  if (text === undefined) return undefined;
  const parts = text.split(/\*+/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.slice(0, 9).join(".*?")}$`, "is");
}
