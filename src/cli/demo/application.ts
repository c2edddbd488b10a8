/** The demo's application: plain SMTP over real connections, as a library in a program would speak it. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";

export interface SmtpConversation {
  /** The banner, or what stood in its place. */
  readonly greeting: string;
  /** Sends a line; resolves with the last line of the reply. Rejects when the server closes. */
  say(line: string): Promise<string>;
  close(): void;
}

const patienceMs = 15_000;

/** Rejects when nobody listens. Idle for 15 s it fails. */
export async function converse(port: number): Promise<SmtpConversation> {
  const socket: Socket = connect({ host: "127.0.0.1", port, noDelay: true });
  socket.setTimeout(patienceMs, () => socket.destroy(new Error("the relay does not answer")));
  const broken = once(socket, "error").then(([fault]) => Promise.reject(fault as Error));
  broken.catch(() => undefined);
  await Promise.race([once(socket, "connect"), broken]);
  const lines = createInterface({ input: socket, crlfDelay: Infinity })[Symbol.asyncIterator]();

  const reply = async (): Promise<string> => {
    for (;;) {
      const next = await Promise.race([lines.next(), broken]);
      if (next.done === true) throw new Error("the relay closed the connection");
      if (next.value[3] !== "-") return next.value;
    }
  };

  const greeting = await reply();
  socket.setTimeout(0);
  return {
    greeting,
    say(line) {
      socket.write(`${line}\r\n`);
      return reply();
    },
    close() {
      socket.destroy();
    },
  };
}

/** Sends one message and resolves with the reply to its content, or with the first refusal. */
export async function sendMessage(conversation: SmtpConversation): Promise<string> {
  for (const line of [
    "EHLO helpdesk.example",
    "MAIL FROM:<tickets@helpdesk.example>",
    "RCPT TO:<you@example.com>",
    "DATA",
  ]) {
    const reply = await conversation.say(line);
    if (!/^[23]/.test(reply)) return reply;
  }
  return conversation.say(
    "Subject: Ticket 4711 was answered\r\nFrom: <tickets@helpdesk.example>\r\n\r\nHello.\r\n.",
  );
}
