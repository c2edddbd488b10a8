import type { Socket } from "node:net";

export interface ReplyReader {
  /** Takes the next reply; rejects when its code does not begin so, or when the connection ends. */
  expect(firstDigit: string): Promise<void>;
  /** Lets go of the socket. */
  release(): void;
}

/** Reads SMTP replies, several lines or several in one packet, one after another. */
export function createReplyReader(socket: Socket): ReplyReader {
  let rest = "";
  let ended: Error | undefined;
  const replies: string[] = [];
  let wake: (() => void) | undefined;
  const onData = (chunk: Buffer): void => {
    rest += chunk.toString("latin1");
    for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
      // All lines of a reply but the last have a hyphen after the code.
      if (rest[3] !== "-") replies.push(rest.slice(0, end));
      rest = rest.slice(end + 2);
    }
    wake?.();
  };
  const onEnd = (error?: Error): void => {
    ended ??= error instanceof Error ? error : new Error("the server closed the connection");
    wake?.();
  };
  socket.on("data", onData).on("error", onEnd).on("close", onEnd);
  return {
    async expect(firstDigit) {
      while (replies.length === 0) {
        if (ended !== undefined) throw ended;
        await new Promise<void>((resolve) => (wake = resolve));
      }
      const reply = replies.shift() ?? "";
      if (!reply.startsWith(firstDigit)) {
        socket.destroy();
        throw new Error(`the server answered: ${reply}`);
      }
    },
    release() {
      socket.off("data", onData).off("error", onEnd).off("close", onEnd);
    },
  };
}
