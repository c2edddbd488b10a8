/**
 * Where captured mail is carried to, whatever queue it stands in. It is carried as all mail is: it stays in the spool until
 * the box has it on disk.
 */
import { SpoolError, type Claim, type ContentReader } from "../../spool/spool.ts";
import type { DropSendConnector } from "../../core/policy/send-connector.ts";
import type { Clock } from "../../ports/ports.ts";
import type { CaptureBox } from "../../capture/capture-box.ts";
import type { CapturedMessage } from "../../capture/captured-message.ts";
import type { AttemptResult, Carrier, Verdict } from "../delivery/delivery.ts";
import { unreadResult } from "../delivery/unread-result.ts";

const concurrency = 16;
const captured: Verdict = { status: "2.0.0", text: "250 2.0.0 Captured", fromPeer: false };

/** A disk that takes nothing is the box's failure: its queue rests and tries again. What cannot be read is the message's own. */
export function createCaptureCarrier(
  box: Pick<CaptureBox, "keep">,
  clock: Pick<Clock, "wall">,
  directory: string,
): Carrier {
  let closed = false;
  let running = 0;
  let idle: (() => void) | undefined;

  const carry = async (claim: Claim): Promise<AttemptResult> => {
    try {
      await box.keep(messageOf(claim, clock.wall().getTime()), octetsOf(claim.content));
    } catch (error) {
      if (error instanceof SpoolError) return unreadResult(claim, error, directory);
      const said = (error instanceof Error ? error.message : String(error)).replace(/\p{Cc}+/gu, " ");
      const text = `451 4.3.0 Cannot write to the capture box: ${said}`;
      return { kind: "unreachable", host: directory, verdict: { status: "4.3.0", text, fromPeer: false } };
    }
    const outcomes = claim.recipients.map(
      ({ index }) => ({ kind: "delivered", index, verdict: captured, dsnRelayed: false }) as const,
    );
    return { kind: "attempted", host: directory, outcomes };
  };

  return {
    concurrency,
    async carry(claim) {
      if (closed) return { kind: "aborted" };
      running++;
      const result = await carry(claim);
      if (--running === 0) idle?.();
      return result;
    },
    async close() {
      closed = true;
      if (running > 0) await new Promise<void>((resolve) => (idle = resolve));
    },
  };
}

/** A carrier that lets captured mail go to the box only: the last gate, whoever put it into the queue. */
export function keepingCaptured(carrier: Carrier, capture: Carrier): Carrier {
  return {
    ...carrier,
    carry: (claim) => (isCaptured(claim) ? capture.carry(claim) : carrier.carry(claim)),
  };
}

function isCaptured({ message }: Claim): boolean {
  return message.origin.captured === true;
}

function messageOf({ message, recipients }: Claim, capturedAt: number): CapturedMessage {
  const { id, envelope, origin, content } = message;
  return {
    id: `${id}-${recipients[0]?.index ?? 0}`,
    capturedAt,
    connector: origin.connector,
    mailFrom: envelope.reversePath,
    rcptTo: recipients.flatMap(({ index }) => envelope.recipients[index]?.forwardPath ?? []),
    subject: content.subject ?? "",
    messageId: content.messageId ?? "",
    sizeBytes: content.sizeBytes,
    sourceAddress: origin.sourceAddress,
    helloName: origin.helloName,
    user: origin.authenticatedUser,
  };
}

async function* octetsOf(content: ContentReader): AsyncIterable<Buffer> {
  if (content.inMemory !== undefined) yield content.inMemory;
  else yield* content.stream();
}

/** Captured mail has a queue like any other: as of a connector that no address space leads to. */
export function captureConnector(directory: string): DropSendConnector {
  return {
    kind: "drop",
    name: "Capture box",
    enabled: true,
    comment: "",
    addressSpaces: [],
    maxMessageSize: Infinity,
    dropDirectory: directory,
  };
}
