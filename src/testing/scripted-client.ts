/** An SMTP client for tests that says exactly what it is told, down to single octets, and reads strictly. */
import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { type ConnectionOptions, type TLSSocket, connect as connectTls } from "node:tls";
import { ByteReader } from "./byte-reader.ts";

export interface ClientReply {
  readonly code: number;
  /** Texts behind code and separator, line by line. */
  readonly lines: readonly string[];
  /** The last line as it came: `250 2.1.0 Sender OK`. */
  readonly last: string;
}

export interface ScriptedClient {
  /** What was said and heard, for failure messages. */
  readonly transcript: readonly string[];
  send(octets: string | Buffer): void;
  /** Each octet in a write and a turn of the event loop of its own. */
  sendOctetByOctet(octets: string | Buffer): Promise<void>;
  /** The next reply; rejects when it is not well-formed (RFC 5321 §4.2), the server closes, or `timeoutMs` pass. */
  reply(timeoutMs?: number): Promise<ClientReply>;
  /** Sends a line and gives its reply. */
  command(line: string): Promise<ClientReply>;
  /** The next reply must begin so, by code or by text of its last line. */
  expect(start: number | string): Promise<ClientReply>;
  /** STARTTLS, the handshake, and nothing more: EHLO is the caller's. */
  startTls(options?: Pick<ConnectionOptions, "ciphers" | "maxVersion">): Promise<void>;
  /** Only the handshake, for when the 220 was read already; rejects when it fails. */
  upgrade(options?: ConnectionOptions): Promise<void>;
  /** Resolves when the server has closed and sent no further octet; gives the octets it did send. */
  closed(timeoutMs?: number): Promise<Buffer>;
  /** True when nothing came that was not read. */
  silent(): boolean;
  /** Half-closes: no more will be sent. */
  end(): void;
  /** Drops the connection. */
  close(): void;
  /** Drops the connection with a TCP reset. */
  reset(): void;
}

const replyLine = /^([2-5][0-5][0-9])([ -])(.*)$/s;
/** Exchange's own reply to mail without required TLS; its status class is not its code's (RFC 2034 §4). */
const exchangeException = "451 5.7.3 STARTTLS is required to send mail";
const unprintable = /[^\t\x20-\x7e]/;

/** What is wrong with a reply line by RFC 5321 §4.2 and §4.5.3.1.5, or undefined. */
export function replyFault(line: Buffer, firstCode: string | undefined): string | undefined {
  const text = line.toString("latin1");
  const match = replyLine.exec(text);
  if (match === null) return `not a reply line: ${JSON.stringify(text)}`;
  if (line.length + 2 > 512) return `reply line of ${line.length + 2} octets`;
  if (unprintable.test(text)) return `reply line with control or 8-bit characters: ${JSON.stringify(text)}`;
  if (firstCode !== undefined && firstCode !== match[1]) return `code changes within a reply: ${text}`;
  const status = /^([245])\.\d{1,3}\.\d{1,3} /.exec(match[3] ?? "");
  if (status !== null && status[1] !== match[1]?.[0] && !text.startsWith(exchangeException))
    return `status class differs from the code: ${text}`;
  return undefined;
}

export async function connectScriptedClient(target: {
  readonly port: number;
  readonly address?: string;
  readonly localAddress?: string;
}): Promise<ScriptedClient> {
  let socket: Socket | TLSSocket = connect({
    host: target.address ?? "127.0.0.1",
    port: target.port,
    noDelay: true,
    ...(target.localAddress === undefined ? {} : { localAddress: target.localAddress }),
  });
  await once(socket, "connect");
  socket.on("error", () => undefined);
  let reader = new ByteReader(socket);
  const transcript: string[] = [];
  const said = (octets: string | Buffer): void => {
    const text = typeof octets === "string" ? octets : octets.toString("latin1");
    transcript.push(`C: ${JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text).slice(1, -1)}`);
  };
  const failure = (what: string): Error => new Error(`${what}\n${transcript.slice(-30).join("\n")}`);

  const inTime = async <T>(work: Promise<T>, timeoutMs: number, what: string): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(failure(`${what} not within ${timeoutMs} ms`));
      }, timeoutMs);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  };

  const readReply = async (): Promise<ClientReply> => {
    const lines: string[] = [];
    let firstCode: string | undefined;
    for (;;) {
      const octets = await reader.line();
      if (octets === undefined) throw failure("the server closed where a reply was due");
      const text = octets.toString("latin1");
      transcript.push(`S: ${text}`);
      const fault = replyFault(octets, firstCode);
      if (fault !== undefined) throw failure(fault);
      firstCode = text.slice(0, 3);
      lines.push(text.slice(4));
      if (text[3] !== "-") return { code: Number(firstCode), lines, last: text };
    }
  };

  const upgrade = async (options: ConnectionOptions = {}): Promise<void> => {
    reader.detach();
    const secure = connectTls({ socket, rejectUnauthorized: false, ...options });
    await once(secure, "secureConnect");
    secure.on("error", () => undefined);
    socket = secure;
    reader = new ByteReader(secure);
    transcript.push("-- TLS --");
  };

  const client: ScriptedClient = {
    transcript,
    send(octets) {
      said(octets);
      socket.write(octets);
    },
    async sendOctetByOctet(octets) {
      said(octets);
      const buffer = typeof octets === "string" ? Buffer.from(octets) : octets;
      for (let i = 0; i < buffer.length; i++) {
        if (socket.destroyed) return;
        socket.write(buffer.subarray(i, i + 1));
        await turn();
      }
    },
    reply: (timeoutMs = 30_000) => inTime(readReply(), timeoutMs, "reply"),
    command(line) {
      client.send(`${line}\r\n`);
      return client.reply();
    },
    async expect(start) {
      const reply = await client.reply();
      const matches = typeof start === "number" ? reply.code === start : reply.last.startsWith(start);
      if (!matches) throw failure(`expected ${start}, got ${reply.last}`);
      return reply;
    },
    async startTls(options = {}) {
      client.send("STARTTLS\r\n");
      await client.expect(220);
      await upgrade(options);
    },
    upgrade,
    closed: (timeoutMs = 30_000) =>
      inTime(
        (async () => {
          const rest: Buffer[] = [];
          for (;;) {
            const octet = await reader.exactly(1);
            if (octet === undefined) return Buffer.concat(rest);
            rest.push(octet);
          }
        })(),
        timeoutMs,
        "close",
      ),
    silent: () => reader.buffered === 0,
    end() {
      socket.end();
    },
    close() {
      socket.destroy();
    },
    reset() {
      if ("resetAndDestroy" in socket) socket.resetAndDestroy();
      else (socket as Socket).destroy();
    },
  };
  return client;
}
