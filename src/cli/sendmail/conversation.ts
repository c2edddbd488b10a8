/** One connection to the relay, for one message. */
import { connect, type Socket } from "node:net";
import { ReplyReader, type PeerReply } from "../../send/delivery/smtp/wire/reply-reader.ts";

/** The connection ended, or took too long. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

export interface Conversation {
  /** Sends and does not wait. */
  say(octets: string | Buffer): void;
  /** The next reply. Rejects with ConnectionLost. */
  reply(): Promise<PeerReply>;
  /** Behind STARTTLS and its reply: goes on within TLS. Rejects with ConnectionLost. */
  secure(): Promise<void>;
  close(): void;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const connectMs = 10_000;
/** RFC 5321 §4.5.3.2.6. */
const replyMs = 600_000;

/** Rejects with ConnectionLost when nobody takes the connection. */
export function converse({ host, port }: Endpoint, show: (line: string) => void): Promise<Conversation> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    socket.setTimeout(connectMs, () =>
      socket.destroy(new Error(`nobody answered within ${connectMs / 1000} s`)),
    );
    socket.once("error", (fault) => reject(new ConnectionLost(fault.message)));
    socket.once("connect", () => resolve(conversation(socket, host, show)));
  });
}

/** To this machine nobody is in between, and the relay's certificate is often its own. */
const isHere = (host: string): boolean => /^(?:localhost|127\.[\d.]+|::1)$/i.test(host);

function conversation(plain: Socket, host: string, show: (line: string) => void): Conversation {
  let socket = plain;
  let reader = new ReplyReader();
  let lost: ConnectionLost | undefined;
  let wake: (() => void) | undefined;
  const end = (why: string): void => {
    lost ??= new ConnectionLost(why);
    wake?.();
  };
  const listen = (): void => {
    socket.removeAllListeners("timeout");
    socket.removeAllListeners("error");
    socket.setTimeout(replyMs);
    socket.on("timeout", () =>
      socket.destroy(new Error(`the relay was silent for ${replyMs / 60_000} minutes`)),
    );
    socket.on("error", ({ message }) => end(message));
    socket.on("close", () => end("the relay closed the connection"));
    socket.on("data", (octets: Buffer) => {
      reader.push(octets);
      reader.own();
      wake?.();
    });
  };
  listen();
  return {
    say(octets) {
      if (typeof octets === "string") for (const line of octets.trimEnd().split("\r\n")) show(`>>> ${line}`);
      if (lost === undefined) socket.write(octets);
    },
    async reply() {
      for (;;) {
        const reply = reader.next();
        if (reader.fault !== undefined) throw new ConnectionLost(reader.fault);
        if (reply !== undefined) {
          for (const line of reply.text.split("\n")) show(`${reply.code} ${line}`);
          return reply;
        }
        if (lost !== undefined) throw lost;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    async secure() {
      const { connect: connectTls } = await import("node:tls");
      plain.removeAllListeners("data");
      plain.setTimeout(0);
      // What was said in clear text counts for nothing.
      reader = new ReplyReader();
      const secured = connectTls({ socket: plain, host, rejectUnauthorized: !isHere(host) });
      socket = secured;
      listen();
      await new Promise<void>((resolve) => {
        secured.once("secureConnect", () => resolve());
        wake = resolve;
        if (lost !== undefined) resolve();
      });
      if (lost !== undefined) throw lost;
    },
    close: () => socket.destroy(),
  };
}
