/**
 * The bench's own pipelined SMTP client, for what smtp-source cannot do: time each message to its 250, STARTTLS,
 * and many domains.
 */
import { type Socket, connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { quantilesOf } from "./median.ts";
import { createReplyReader } from "./reply-reader.ts";
import { domainOf } from "./small-internet.ts";

export interface ClientLoad {
  readonly port: number;
  /** Left out: 127.0.0.1. */
  readonly host?: string;
  readonly messages: number;
  readonly connections: number;
  readonly sizeBytes: number;
  readonly recipients: number;
  readonly reuse: boolean;
  readonly startTls?: boolean;
  readonly destinations?: number;
  /** All recipients are of this domain. */
  readonly domain?: string;
  /** Resolves when another message may begin. Left out: at once. */
  readonly room?: () => Promise<void>;
}

export interface ClientResult {
  /** The time to 250 that this part (0–1) of the messages did not exceed, in milliseconds. */
  at(part: number): number;
  readonly seconds: number;
}

export interface Session {
  /** Resolves with the time from the last octet to the 250, in milliseconds. */
  send(envelope: string, content: Buffer, recipients: number): Promise<number>;
  quit(): void;
}

/** Sends all of it. Rejects at the first refusal, with the reply. */
export async function runClient(load: ClientLoad): Promise<ClientResult> {
  const content = messageContent(load.sizeBytes);
  const latencies: number[] = [];
  const began = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    let session: Session | undefined;
    for (;;) {
      const mine = next++;
      if (mine >= load.messages) break;
      session ??= await openSession(load);
      if (load.room !== undefined) await load.room();
      latencies.push(await session.send(envelopeOf(load, mine), content, load.recipients));
      if (!load.reuse) {
        session.quit();
        session = undefined;
      }
    }
    session?.quit();
  };
  await Promise.all(Array.from({ length: Math.min(load.connections, load.messages) }, worker));
  const seconds = (performance.now() - began) / 1000;
  return { seconds, at: quantilesOf(latencies) };
}

export function messageContent(sizeBytes: number): Buffer {
  const head = "From: <app@sender.test>\r\nTo: <someone@dest.test>\r\nSubject: bench\r\n\r\n";
  const line = `${"x".repeat(78)}\r\n`;
  const lines = Math.max(1, Math.ceil((sizeBytes - head.length) / line.length));
  return Buffer.from(`${head}${line.repeat(lines)}.\r\n`);
}

export function envelopeOf(
  { recipients, destinations, domain: sole }: Pick<ClientLoad, "recipients" | "destinations" | "domain">,
  number: number,
): string {
  const domain = sole ?? (destinations === undefined ? "dest.test" : domainOf(number % destinations));
  let text = "MAIL FROM:<app@sender.test>\r\n";
  for (let i = 0; i < recipients; i++) text += `RCPT TO:<${i}someone@${domain}>\r\n`;
  return `${text}DATA\r\n`;
}

export async function openSession(load: Pick<ClientLoad, "port" | "host" | "startTls">): Promise<Session> {
  let socket: Socket = connect({ host: load.host ?? "127.0.0.1", port: load.port, noDelay: true });
  let replies = createReplyReader(socket);
  await replies.expect("2");
  const greet = async (): Promise<void> => {
    socket.write("EHLO client.test\r\n");
    await replies.expect("2");
  };
  await greet();
  if (load.startTls === true) {
    socket.write("STARTTLS\r\n");
    await replies.expect("2");
    replies.release();
    // The peers show certificates they made themselves.
    socket = connectTls({ socket, rejectUnauthorized: false });
    replies = createReplyReader(socket);
    await greet();
  }
  return {
    async send(envelope, content, recipients) {
      socket.write(envelope);
      for (let i = 0; i <= recipients; i++) await replies.expect("2");
      await replies.expect("3");
      const since = performance.now();
      socket.write(content);
      await replies.expect("2");
      return performance.now() - since;
    },
    quit() {
      socket.end("QUIT\r\n");
    },
  };
}
