/**
 * A submission service as Microsoft documents its own: STARTTLS, then XOAUTH2 by mailbox (OAUTHBEARER where asked for), three
 * connections of a mailbox at once, thirty messages a minute counted, and each reply of theirs at the step a test names.
 */
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { ByteReader } from "./byte-reader.ts";

export interface SubmittedMessage {
  readonly mailbox: string;
  readonly reversePath: string;
  readonly recipients: readonly string[];
  readonly content: Buffer;
  /** Milliseconds, wall clock. */
  readonly at: number;
}

export interface SubmissionStage {
  readonly at: "auth" | "mail" | "rcpt" | "data" | "content";
  /** Logged on, or about to be. */
  readonly mailbox: string;
  readonly line: string;
  readonly connection: number;
}

export interface SubmissionSettings {
  readonly tls: { readonly key: string; readonly cert: string };
  readonly isGood: (token: string, mailbox: string) => boolean;
  /** Upper case. */
  readonly mechanisms: readonly string[];
  /** RFC 7628 §3.2.3, as Google does: a challenge that says why, and then the refusal. */
  readonly errorChallenge: string | undefined;
  /** The reply in place of the usual one, without CRLF. */
  readonly says: (stage: SubmissionStage) => string | undefined;
  readonly connectionsPerMailbox: number;
}

export interface SubmissionServer {
  readonly port: number;
  readonly messages: readonly SubmittedMessage[];
  /** Command lines as they came, credentials in them too. */
  readonly lines: readonly string[];
  readonly connections: number;
  /** Most connections of one mailbox that were logged on at once. */
  readonly mostAtOnce: number;
  /** Most messages of one mailbox within a minute. */
  mostInAMinute(): number;
  configure(change: Partial<SubmissionSettings>): void;
  waitFor(messages: number, timeoutMs?: number): Promise<void>;
  until(holds: () => boolean, timeoutMs?: number): Promise<void>;
  close(): Promise<void>;
}

const extensions = [
  "SIZE 157286400",
  "PIPELINING",
  "DSN",
  "ENHANCEDSTATUSCODES",
  "8BITMIME",
  "BINARYMIME",
  "CHUNKING",
  "SMTPUTF8",
];
const unsuccessful = "535 5.7.3 Authentication unsuccessful [AM0PR10CA0096.EURPRD10.PROD.OUTLOOK.COM]";
const tooMany =
  "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.";

export async function startMicrosoftSmtp(
  given: Pick<SubmissionSettings, "tls" | "isGood"> & Partial<SubmissionSettings>,
): Promise<SubmissionServer> {
  let settings: SubmissionSettings = {
    mechanisms: ["LOGIN", "XOAUTH2"],
    errorChallenge: undefined,
    says: () => undefined,
    connectionsPerMailbox: 3,
    ...given,
  };
  const messages: SubmittedMessage[] = [];
  const lines: string[] = [];
  const waiters = new Set<() => void>();
  const sockets = new Set<Socket>();
  const loggedOn = new Map<string, number>();
  let connections = 0;
  let mostAtOnce = 0;
  const changed = (): void => {
    for (const look of waiters) look();
  };

  async function serve(socket: Socket, connection: number): Promise<void> {
    let stream: Duplex = socket;
    let reader = new ByteReader(stream);
    let mailbox = "";
    let reversePath: string | undefined;
    let recipients: string[] = [];
    let content: Buffer[] = [];
    const say = (...replies: readonly string[]): void =>
      void stream.write(replies.map((reply) => `${reply}\r\n`).join(""));
    const next = async (): Promise<string | undefined> => {
      const line = (await reader.line())?.toString("utf8");
      if (line !== undefined) lines.push(line);
      changed();
      return line;
    };
    const leave = (): void => {
      if (mailbox !== "") loggedOn.set(mailbox, (loggedOn.get(mailbox) ?? 1) - 1);
    };
    socket.once("close", leave);

    const logOn = async (mechanism: string): Promise<void> => {
      if (!settings.mechanisms.includes(mechanism) || mechanism === "LOGIN")
        return say("504 5.7.4 Unrecognized authentication type");
      say("334 ");
      const line = await next();
      if (line === undefined) return;
      const message = Buffer.from(line, "base64").toString("utf8");
      const fields = message.split("\u0001");
      const user = /^(?:user=|n,a=)([^,]*)/.exec(fields[0] ?? "")?.[1] ?? "";
      const token = /^auth=Bearer (.+)$/.exec(fields.at(-3) ?? "")?.[1] ?? "";
      const reply = settings.says({ at: "auth", mailbox: user, line: message, connection });
      if (reply === undefined && settings.isGood(token, user)) {
        mailbox = user;
        const now = (loggedOn.get(user) ?? 0) + 1;
        loggedOn.set(user, now);
        mostAtOnce = Math.max(mostAtOnce, now);
        return say("235 2.7.0 Authentication successful");
      }
      if (settings.errorChallenge !== undefined) {
        say(`334 ${Buffer.from(settings.errorChallenge).toString("base64")}`);
        await next();
      }
      say(reply ?? unsuccessful);
    };
    const take = (): string => {
      const reply = settings.says({ at: "content", mailbox, line: "", connection });
      const over = (loggedOn.get(mailbox) ?? 0) > settings.connectionsPerMailbox;
      const answer = reply ?? (over ? tooMany : "250 2.0.0 OK <id@prod.outlook.com> [Hostname=x]");
      if (answer.startsWith("2"))
        messages.push({
          mailbox,
          reversePath: reversePath ?? "",
          recipients,
          content: Buffer.concat(content),
          at: Date.now(),
        });
      reversePath = undefined;
      recipients = [];
      content = [];
      return answer;
    };

    say("220 AM0PR10CA0096.outlook.office365.com Microsoft ESMTP MAIL Service ready");
    for (let line = await next(); line !== undefined; line = await next()) {
      const verb = (/^[A-Za-z]+/.exec(line)?.[0] ?? "").toUpperCase();
      const secured = stream !== socket;
      const scripted = (at: SubmissionStage["at"]): string | undefined =>
        settings.says({ at, mailbox, line: line ?? "", connection });
      switch (verb) {
        case "EHLO": {
          const words = ["x.outlook.com Hello", ...extensions];
          words.push(secured ? `AUTH ${settings.mechanisms.join(" ")}` : "STARTTLS");
          say(...words.map((word, at) => `250${at < words.length - 1 ? "-" : " "}${word}`));
          break;
        }
        case "STARTTLS": {
          say("220 2.0.0 SMTP server ready");
          socket.removeAllListeners("data");
          const upgraded = new TLSSocket(socket, { isServer: true, ...settings.tls });
          upgraded.on("error", () => socket.destroy());
          stream = upgraded;
          reader = new ByteReader(upgraded);
          break;
        }
        case "AUTH":
          if (!secured) say("530 5.7.0 Must issue a STARTTLS command first");
          else await logOn(line.split(" ")[1]?.toUpperCase() ?? "");
          break;
        case "MAIL": {
          const reply =
            scripted("mail") ??
            (mailbox === ""
              ? "530 5.7.57 Client not authenticated to send mail. [AM0PR10CA0096.EURPRD10.PROD.OUTLOOK.COM]"
              : "250 2.1.0 Sender OK");
          if (reply.startsWith("2")) reversePath = /<([^>]*)>/.exec(line)?.[1] ?? "";
          say(reply);
          break;
        }
        case "RCPT": {
          const reply =
            scripted("rcpt") ??
            (reversePath === undefined ? "503 5.5.1 Bad sequence" : "250 2.1.5 Recipient OK");
          if (reply.startsWith("2")) recipients.push(/<([^>]*)>/.exec(line)?.[1] ?? "");
          say(reply);
          break;
        }
        case "DATA": {
          const reply = scripted("data") ?? (recipients.length === 0 ? "503 5.5.1 Bad sequence" : undefined);
          if (reply !== undefined) {
            say(reply);
            break;
          }
          say("354 Start mail input; end with <CRLF>.<CRLF>");
          const octets = await reader.content();
          if (octets === undefined) return;
          content = [octets];
          say(take());
          break;
        }
        case "BDAT": {
          const [, size = "0", last] = line.split(" ");
          const octets = await reader.exactly(Number(size));
          if (octets === undefined) return;
          content.push(octets);
          if (recipients.length === 0) say("503 5.5.1 Bad sequence");
          else say(last === undefined ? "250 2.6.0 chunk received" : take());
          break;
        }
        case "RSET":
          reversePath = undefined;
          recipients = [];
          say("250 2.0.0 Resetting");
          break;
        case "QUIT":
          say("221 2.0.0 Service closing transmission channel");
          stream.end();
          return;
        default:
          say("500 5.3.3 Unrecognized command");
      }
      changed();
    }
  }

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    serve(socket, ++connections).catch(() => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const until = (holds: () => boolean, timeoutMs = 30_000): Promise<void> =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        waiters.delete(look);
      };
      const look = (): void => {
        if (!holds()) return;
        end();
        resolve();
      };
      const timer = setTimeout(() => {
        end();
        reject(
          new Error(
            `${messages.length} messages after ${timeoutMs} ms; last: ${lines.slice(-4).join(" | ")}`,
          ),
        );
      }, timeoutMs);
      waiters.add(look);
      look();
    });

  return {
    port: (server.address() as AddressInfo).port,
    messages,
    lines,
    get connections() {
      return connections;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
    mostInAMinute() {
      const inMinuteFrom = ({ mailbox, at }: SubmittedMessage): number =>
        messages.filter((each) => each.mailbox === mailbox && each.at >= at && each.at < at + 60_000).length;
      return Math.max(0, ...messages.map(inMinuteFrom));
    },
    configure(change) {
      settings = { ...settings, ...change };
    },
    until,
    waitFor: (count, timeoutMs) => until(() => messages.length >= count, timeoutMs),
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
