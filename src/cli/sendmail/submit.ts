/** Hands a message to the relay by SMTP: to all recipients, or to none. */
import { notifyWords } from "../../core/message/replay-form/write-head.ts";
import type { Notify } from "../../core/message/envelope.ts";
import { createDotStuffer } from "../../send/delivery/smtp/wire/dot-stuffing.ts";
import { parseCapabilities } from "../../send/delivery/smtp/wire/ehlo-capabilities.ts";
import type { PeerReply } from "../../send/delivery/smtp/wire/reply-reader.ts";
import { ConnectionLost, type Conversation } from "./conversation.ts";
import { exitStatus, statusOfReply, type ExitStatus, type SubmissionStep } from "./exit-status.ts";

export interface SubmittedMessage {
  /** Empty: the null reverse-path. */
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly content: Buffer;
  readonly notify: Notify | undefined;
  readonly ret: "FULL" | "HDRS" | undefined;
  /** Not xtext. */
  readonly envid: string | undefined;
  readonly requireTls: boolean;
}

export type SubmissionResult =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly status: ExitStatus; readonly reasons: readonly string[] }
  /** This door is for clients that log on, or speak TLS: nobody gets the message by it. */
  | { readonly kind: "notHere"; readonly status: ExitStatus; readonly reasons: readonly string[] }
  /** Nobody there who takes mail now: another way may do. */
  | { readonly kind: "noRelay"; readonly reason: string };

/** Never rejects. */
export async function submit(
  talk: Conversation,
  message: SubmittedMessage,
  helloName: string,
): Promise<SubmissionResult> {
  let step: SubmissionStep = "greeting";
  const refuse = (reply: PeerReply, about = "") => ({
    kind: "refused" as const,
    status: statusOfReply(step, reply.code, reply.text),
    reasons: [said(reply, about)],
  });
  try {
    const greeting = await talk.reply();
    if (greeting.code !== 220) return { kind: "noRelay", reason: said(greeting) };
    step = "hello";
    talk.say(`EHLO ${helloName}\r\n`);
    const hello = await talk.reply();
    if (hello.code !== 250) return { kind: "noRelay", reason: said(hello) };
    let offered = parseCapabilities(hello);
    // It is offered within TLS only (RFC 8689 §2).
    if (message.requireTls && offered.startTls) {
      talk.say("STARTTLS\r\n");
      const ready = await talk.reply();
      if (ready.code !== 220) return refuse(ready);
      await talk.secure();
      talk.say(`EHLO ${helloName}\r\n`);
      const within = await talk.reply();
      if (within.code !== 250) return refuse(within);
      offered = parseCapabilities(within);
    }
    if (message.requireTls && !offered.requireTls)
      return {
        kind: "notHere",
        status: exitStatus.unavailable,
        reasons: ["the relay does not offer REQUIRETLS"],
      };
    const eightBit = hasHighOctet(message.content);
    const isUtf8 = [message.sender, ...message.recipients].some((address) => !isAscii(address));
    step = "mail";
    const parameters = [
      offered.sizeLimitBytes === undefined ? "" : `SIZE=${message.content.length}`,
      eightBit && offered.eightBitMime ? "BODY=8BITMIME" : "",
      isUtf8 && offered.smtpUtf8 ? "SMTPUTF8" : "",
      offered.dsn && message.ret !== undefined ? `RET=${message.ret}` : "",
      offered.dsn && message.envid !== undefined ? `ENVID=${xtext(message.envid)}` : "",
      message.requireTls ? "REQUIRETLS" : "",
    ].filter((parameter) => parameter !== "");
    const notify =
      offered.dsn && message.notify !== undefined ? ` NOTIFY=${notifyWords(message.notify)}` : "";
    const mail = `MAIL FROM:<${message.sender}>${parameters.map((parameter) => ` ${parameter}`).join("")}\r\n`;
    const recipients = message.recipients.map((address) => `RCPT TO:<${address}>${notify}\r\n`);
    if (offered.pipelining) talk.say([mail, ...recipients].join(""));
    else talk.say(mail);
    const begun = await talk.reply();
    if (begun.code === 530) return { ...refuse(begun, `<${message.sender}>`), kind: "notHere" };
    if (begun.code !== 250) return refuse(begun, `<${message.sender}>`);
    step = "recipient";
    const refusals: { readonly status: ExitStatus; readonly reason: string }[] = [];
    for (const [index, address] of message.recipients.entries()) {
      if (!offered.pipelining) talk.say(recipients[index] ?? "");
      const reply = await talk.reply();
      if (reply.code === 250 || reply.code === 251) continue;
      const status = statusOfReply(step, reply.code, reply.text);
      refusals.push({ status, reason: said(reply, `<${address}>`) });
    }
    const [first] = refusals;
    if (first !== undefined) {
      talk.say("QUIT\r\n");
      // What may be well later is told as such only where nothing will never be well.
      const status =
        refusals.find(({ status: one }) => one !== exitStatus.temporaryFailure)?.status ?? first.status;
      return { kind: "refused", status, reasons: refusals.map(({ reason }) => reason) };
    }
    step = "content";
    talk.say("DATA\r\n");
    const go = await talk.reply();
    if (go.code !== 354) return refuse(go);
    for (const piece of createDotStuffer()(message.content)) talk.say(piece);
    const endsLine = message.content.subarray(-2).toString("latin1") === "\r\n";
    talk.say(Buffer.from(endsLine ? ".\r\n" : "\r\n.\r\n"));
    const done = await talk.reply();
    if (done.code !== 250) return refuse(done);
    talk.say("QUIT\r\n");
    return { kind: "accepted" };
  } catch (fault) {
    if (!(fault instanceof ConnectionLost)) throw fault;
    if (step === "greeting" || step === "hello") return { kind: "noRelay", reason: fault.message };
    return { kind: "refused", status: exitStatus.temporaryFailure, reasons: [fault.message] };
  } finally {
    talk.close();
  }
}

function said({ code, text }: PeerReply, about = ""): string {
  return `${about === "" ? "" : `${about}: `}${code} ${text.replaceAll("\n", " ")}`;
}

// oxlint-disable-next-line no-control-regex
const isAscii = (text: string): boolean => /^[\x00-\x7f]*$/.test(text);

function hasHighOctet(octets: Buffer): boolean {
  return octets.some((octet) => octet > 127);
}

/** RFC 3461 §4. */
export function xtext(text: string): string {
  return Buffer.from(text)
    .toString("latin1")
    .replaceAll(/[^!-*,-<>-~]/g, (c) => `+${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}
