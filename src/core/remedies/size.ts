/** Limits of one message: its size, its header, its recipients, its hops. The value given would have been enough. */
import { commandWord } from "../units/command-word.ts";
import { withHeadroom } from "../policy/limit-advice.ts";
import {
  formatBesideLimit,
  formatConfiguredSize,
  formatExactFigure,
  formatSizeFigure,
} from "../units/byte-size.ts";
import { noSetting, setConnector, type Circumstances, type Met, type Remedy } from "./remedy.ts";

const mib = 1024 ** 2;
const kib = 1024;
/** Exchange's MaxMessageSize ends at 2 GB. What announces more announces a mistake (-1 as an unsigned number). */
const mostBelievedBytes = 2 * 1024 ** 3;

export function sizeRemedy(met: Met, { connector, sendConnectors }: Circumstances): Remedy | undefined {
  const announced = met.last.kind === "declaredTooLarge";
  const seen = [met.mostSeen ?? 0, met.last.seen ?? 0];
  const wanted = Math.max(0, ...seen.filter((size) => !announced || size <= mostBelievedBytes));
  if (wanted <= connector.maxMessageSize)
    return Math.max(...seen) <= connector.maxMessageSize
      ? undefined
      : noSetting(
          `It announced a message of ${formatSizeFigure(Math.max(...seen))} (SIZE in MAIL), which is most likely not what it wanted to send: the application has to announce the size it sends, or none.`,
        );
  const enough = enoughBytes(wanted);
  const size = formatConfiguredSize(enough);
  const tooSmall = sendConnectors.filter(({ enabled, maxMessageSize }) => enabled && maxMessageSize < wanted);
  return {
    text: `Its largest message had ${formatBesideLimit(wanted, connector.maxMessageSize)}${atLeast(met)}; the limit is ${formatExactFigure(connector.maxMessageSize)}.`,
    commands: [
      {
        command: setConnector(connector, `-MaxMessageSize ${size}`),
        effect: `messages of up to ${size} are taken`,
      },
      ...tooSmall.map(({ name, maxMessageSize }) => ({
        command: `Set-SendConnector ${commandWord(name)} -MaxMessageSize ${size}`,
        effect: `as well: it sends no more than ${formatSizeFigure(maxMessageSize)} now`,
      })),
    ],
  };
}

export function headerSizeRemedy(met: Met, { connector }: Circumstances): Remedy | undefined {
  const wanted = met.mostSeen ?? 0;
  if (wanted <= connector.maxHeaderSize) return undefined;
  const size = formatConfiguredSize(enoughBytes(wanted));
  return {
    text: `The header of a message had ${formatBesideLimit(wanted, connector.maxHeaderSize)}${atLeast(met)}; the limit is ${formatExactFigure(connector.maxHeaderSize)}. A list of very many addresses in To: or Cc: does that.`,
    commands: [
      {
        command: setConnector(connector, `-MaxHeaderSize ${size}`),
        effect: `headers of up to ${size} are taken`,
      },
    ],
  };
}

export function recipientsRemedy({ mostSeen = 0 }: Met, { connector }: Circumstances): Remedy | undefined {
  if (mostSeen <= connector.maxRecipientsPerMessage) return undefined;
  const enough = withHeadroom(mostSeen);
  return {
    text: `A message was for ${mostSeen} recipients; the limit is ${connector.maxRecipientsPerMessage}. A mail server sends to the rest in another message, applications often do not.`,
    commands: [
      {
        command: setConnector(connector, `-MaxRecipientsPerMessage ${enough}`),
        effect: `up to ${enough} recipients of one message are taken`,
      },
    ],
  };
}

export function hopsRemedy({ mostSeen = 0 }: Met, { connector }: Circumstances): Remedy | undefined {
  if (mostSeen <= connector.maxHopCount) return undefined;
  return {
    text: `A message had gone over ${mostSeen} servers, more than maxHopCount (${connector.maxHopCount}). It most likely goes in circles: see in its Received fields whether a next hop sends it back here. Only if that many are right:`,
    commands: [
      {
        command: setConnector(connector, `-MaxHopCount ${Math.min(500, withHeadroom(mostSeen))}`),
        effect: "a loop goes round that many times before it ends",
      },
    ],
  };
}

/** A quarter more, to a round number of the unit. */
function enoughBytes(sizeBytes: number): number {
  const unit = sizeBytes < mib ? kib : mib;
  return withHeadroom(sizeBytes / unit) * unit;
}

function atLeast({ last }: Met): string {
  return last.problem.includes("went on") ? " at least, for it was broken off" : "";
}
