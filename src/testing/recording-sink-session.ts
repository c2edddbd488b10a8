/** One connection of the recording sink. */
import { setTimeout as delay } from "node:timers/promises";
import type { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { ByteReader } from "./byte-reader.ts";
import type { RecordedMessage, RecordedRecipient } from "./recorded-message.ts";

/** Where a connection stands when the sink asks how to behave. */
export interface Stage {
  /** `content` is the end of DATA content or the last BDAT chunk; `stored`, the same once the message was kept. */
  readonly at:
    | "connect"
    | "EHLO"
    | "HELO"
    | "STARTTLS"
    | "MAIL"
    | "RCPT"
    | "DATA"
    | "BDAT"
    | "content"
    | "stored"
    | "other";
  /** The command line; empty at `connect`, `content` and `stored`. */
  readonly line: string;
  readonly connection: number;
  readonly reversePath: string | undefined;
  readonly recipients: readonly RecordedRecipient[];
}

export interface Behaviour {
  /** The whole reply in place of the usual one, without the last CRLF. */
  readonly reply?: string;
  readonly delayMs?: number;
  /** The reply waits for it. */
  readonly until?: Promise<unknown>;
  /** Close the connection in place of a reply. */
  readonly drop?: boolean;
  /** Never answer, never read again. */
  readonly stall?: boolean;
}

export interface SinkSettings {
  /** EHLO keywords. `STARTTLS` works when `tls` is given; `SIZE` may carry its value. */
  readonly extensions: readonly string[];
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
  /** Asked before each reply; undefined means the usual one. */
  readonly behave: ((stage: Stage) => Behaviour | undefined) | undefined;
  /** False: contents are passed to `onMessage` and not kept. */
  readonly keepContent: boolean;
  readonly onMessage: ((message: RecordedMessage) => void) | undefined;
}

export interface SinkSessionHost {
  settings(): SinkSettings;
  onCommand(line: string): void;
  onMessage(message: RecordedMessage): void;
}

const path = /^<([^>]*)>/;

/** Splits `FROM:<a@b> SIZE=1 BODY=7BIT` behind the colon. */
function pathAndParameters(rest: string): { path: string; parameters: string[] } {
  const match = path.exec(rest.trim());
  const behind = rest.trim().slice(match?.[0].length ?? 0);
  return { path: match?.[1] ?? rest.trim(), parameters: behind.split(" ").filter((word) => word !== "") };
}

/** Runs until either side closes. Never rejects. */
export async function runSinkSession(
  socket: Socket,
  connection: number,
  host: SinkSessionHost,
): Promise<void> {
  let stream: Duplex = socket;
  let reader = new ByteReader(stream);
  let reversePath: string | undefined;
  let mailParameters: string[] = [];
  let recipients: RecordedRecipient[] = [];
  let chunks: Buffer[] = [];

  const reset = (): void => {
    reversePath = undefined;
    mailParameters = [];
    recipients = [];
    chunks = [];
  };
  /** Gives the usual reply or what `behave` says; false when the session ends here. Second value: the code sent. */
  const answer = async (at: Stage["at"], line: string, usual: string): Promise<string | undefined> => {
    const behaviour = host.settings().behave?.({ at, line, connection, reversePath, recipients });
    if (behaviour?.delayMs !== undefined) await delay(behaviour.delayMs, undefined, { ref: false });
    await behaviour?.until;
    if (behaviour?.stall === true) {
      socket.pause();
      return undefined;
    }
    if (behaviour?.drop === true) {
      socket.destroy();
      return undefined;
    }
    const reply = behaviour?.reply ?? usual;
    if (reply !== "") stream.write(`${reply}\r\n`);
    return reply;
  };
  const record = (content: Buffer, framing: "DATA" | "BDAT"): void => {
    host.onMessage({
      reversePath: reversePath ?? "",
      parameters: mailParameters,
      recipients,
      content,
      framing,
      tls: stream instanceof TLSSocket,
      connection,
    });
  };
  /** The reply to a whole message: it is kept when the reply is positive, or when it is dropped only at `stored`. */
  const finish = async (content: Buffer, framing: "DATA" | "BDAT"): Promise<boolean> => {
    const verdict = await answer("content", "", "");
    if (verdict === undefined) return false;
    if (verdict === "" || verdict.startsWith("2")) record(content, framing);
    const told = verdict === "" ? await answer("stored", "", "250 2.0.0 Ok: recorded") : verdict;
    reset();
    return told !== undefined;
  };

  if ((await answer("connect", "", "220 sink.example ESMTP")) === undefined) return;
  for (;;) {
    const octets = await reader.line();
    if (octets === undefined) return;
    const line = octets.toString("utf8");
    host.onCommand(line);
    const verb = (/^[A-Za-z]+/.exec(line)?.[0] ?? "").toUpperCase();
    let told: string | undefined;
    switch (verb) {
      case "EHLO": {
        reset();
        const offered = host.settings().extensions;
        const lines = ["sink.example Hello", ...offered];
        const reply = lines
          .map((text, index) => `250${index === lines.length - 1 ? " " : "-"}${text}`)
          .join("\r\n");
        told = await answer("EHLO", line, reply);
        break;
      }
      case "HELO":
        reset();
        told = await answer("HELO", line, "250 sink.example Hello");
        break;
      case "STARTTLS": {
        told = await answer("STARTTLS", line, "220 2.0.0 Go ahead");
        const { tls } = host.settings();
        if (told?.startsWith("220") !== true || tls === undefined) break;
        reader.detach();
        const secure = new TLSSocket(socket, { isServer: true, key: tls.key, cert: tls.cert });
        secure.on("error", () => socket.destroy());
        stream = secure;
        reader = new ByteReader(secure);
        reset();
        break;
      }
      case "MAIL": {
        const given = pathAndParameters(line.slice("MAIL FROM:".length));
        reset();
        told = await answer("MAIL", line, "250 2.1.0 Ok");
        if (told?.startsWith("2") === true) {
          reversePath = given.path;
          mailParameters = given.parameters;
        }
        break;
      }
      case "RCPT": {
        const recipient = pathAndParameters(line.slice("RCPT TO:".length));
        const usual = reversePath === undefined ? "503 5.5.1 Need MAIL" : "250 2.1.5 Ok";
        told = await answer("RCPT", line, usual);
        if (told?.startsWith("2") === true) recipients = [...recipients, recipient];
        break;
      }
      case "DATA": {
        const usual = recipients.length > 0 ? "354 Go ahead" : "554 5.5.1 No valid recipients";
        told = await answer("DATA", line, usual);
        if (told?.startsWith("3") !== true) break;
        const content = await reader.content();
        if (content === undefined || !(await finish(content, "DATA"))) return;
        break;
      }
      case "BDAT": {
        const [, size, last] = /^BDAT +(\d+)( +LAST)?$/i.exec(line) ?? [];
        const chunk = await reader.exactly(Number(size ?? 0));
        if (chunk === undefined) return;
        if (recipients.length === 0) {
          told = await answer("BDAT", line, "503 5.5.1 No valid recipients");
          break;
        }
        if (last === undefined) {
          told = await answer("BDAT", line, `250 2.0.0 ${size} octets received`);
          if (told?.startsWith("2") === true) chunks.push(chunk);
          break;
        }
        const refusal = await answer("BDAT", line, "");
        told = refusal;
        if (refusal !== "") break;
        if (!(await finish(Buffer.concat([...chunks, chunk]), "BDAT"))) return;
        break;
      }
      case "RSET":
        reset();
        told = await answer("other", line, "250 2.0.0 Ok");
        break;
      case "NOOP":
        told = await answer("other", line, "250 2.0.0 Ok");
        break;
      case "QUIT":
        await answer("other", line, "221 2.0.0 Bye");
        stream.end();
        return;
      default:
        told = await answer("other", line, "500 5.5.2 Unrecognized command");
    }
    if (told === undefined) return;
  }
}
