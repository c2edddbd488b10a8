/** The words of sendmail(8), as its callers use them: Sendmail's, Postfix's and Exim's have these in common. */
import type { Notify } from "../../core/message/envelope.ts";
import { parseNotify } from "../../core/smtp/dsn-parameters.ts";

export interface SubmitOptions {
  /** `-t`: recipients are those of the header, and those named behind the options. */
  readonly fromHeader: boolean;
  /** `-i`: a line of a single dot is a line like others. */
  readonly ignoreDots: boolean;
  /** `-f`; empty: the null reverse-path. Undefined: who runs the program. */
  readonly sender: string | undefined;
  /** `-F`: the name in a From field that is made here. */
  readonly fullName: string | undefined;
  readonly notify: Notify | undefined;
  readonly ret: "FULL" | "HDRS" | undefined;
  /** `-V`, not xtext. */
  readonly envid: string | undefined;
  readonly requireTls: boolean;
  /** `-v`: the conversation is shown. */
  readonly verbose: boolean;
  readonly recipients: readonly string[];
}

export type SendmailRequest =
  | ({ readonly kind: "submit" } & SubmitOptions)
  /** `-bs`: the caller speaks SMTP itself. */
  | { readonly kind: "smtp" }
  /** `-bp`, mailq. */
  | { readonly kind: "queue" }
  /** `-bi`, newaliases. */
  | { readonly kind: "aliases" }
  /** `-q`: the queue is to be worked through, which the relay does by itself. */
  | { readonly kind: "flush" }
  | { readonly kind: "usage"; readonly message: string };

/** Options with a value, attached or as the next word. */
const withValue = new Set("ABCFLNORVXbfhoprx");
/** Options whose value, if any, is attached: `-q30m`, `-d0.1`, `-em`. */
const withAttached = new Set("qde");
const alone = new Set("GIUimntv");

const modes: Readonly<Record<string, "submit" | "smtp" | "queue" | "aliases">> = {
  m: "submit",
  s: "smtp",
  p: "queue",
  i: "aliases",
};
const refusedModes: Readonly<Record<string, string>> = {
  d: "weir sendmail is no daemon: weir start runs the relay",
  D: "weir sendmail is no daemon: weir start runs the relay",
  v: "addresses are not verified without a message",
  t: "there is no address test mode: weir Test-SendConnector shows where mail goes",
  h: "there is no host status: weir Get-Queue shows the queues",
};

/** `name`: what the program was called by. Options end at the first word that is none, or at `--`. */
export function readRequest(name: string, words: readonly string[]): SendmailRequest {
  let kind: "submit" | "smtp" | "queue" | "aliases" =
    name === "mailq" ? "queue" : name === "newaliases" ? "aliases" : "submit";
  let flushes = false;
  const given: { -readonly [Key in keyof Omit<SubmitOptions, "recipients">]: SubmitOptions[Key] } = {
    fromHeader: false,
    ignoreDots: false,
    sender: undefined,
    fullName: undefined,
    notify: undefined,
    ret: undefined,
    envid: undefined,
    requireTls: false,
    verbose: false,
  };

  const take = (option: string, value: string): string | undefined => {
    switch (option) {
      case "t":
        given.fromHeader = true;
        return undefined;
      case "i":
        given.ignoreDots = true;
        return undefined;
      case "v":
        given.verbose = true;
        return undefined;
      case "I":
        kind = "aliases";
        return undefined;
      case "f":
      case "r":
        given.sender = value === "<>" ? "" : value;
        return undefined;
      case "F":
        given.fullName = value;
        return undefined;
      case "b": {
        const mode = modes[value];
        if (mode === undefined) return refusedModes[value] ?? `-b${value} is no mode of sendmail`;
        kind = mode;
        return undefined;
      }
      case "o":
        if (value === "i") given.ignoreDots = true;
        return undefined;
      case "O":
        return takeLong(value);
      case "q":
        flushes = true;
        return /^\d/.test(value) ? "weir sendmail is no daemon: weir start runs the relay" : undefined;
      case "N":
        given.notify = parseNotify(value);
        return given.notify === undefined
          ? `-N takes never, or success, failure and delay: not ${value}`
          : undefined;
      case "R": {
        const what = value.toUpperCase();
        if (what !== "FULL" && what !== "HDRS") return `-R takes full or hdrs: not ${value}`;
        given.ret = what;
        return undefined;
      }
      case "V":
        given.envid = value;
        return undefined;
      default:
        // What concerns a daemon or a configuration that is not here: -A -B -C -G -L -U -X -d -e -h -m -n -p -x.
        return undefined;
    }
  };
  /** `-O Name=value`. */
  const takeLong = (text: string): string | undefined => {
    const [, option = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(text) ?? [];
    const isOn = !/^(no|false|0|f|n)$/i.test(value);
    if (/^ignoredots$/i.test(option)) given.ignoreDots = isOn;
    if (/^requiretls$/i.test(option)) given.requireTls = isOn;
    return undefined;
  };

  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at]!;
    if (word === "--") {
      at++;
      break;
    }
    if (!word.startsWith("-") || word === "-") break;
    for (let i = 1; i < word.length; i++) {
      const option = word[i]!;
      let fault: string | undefined;
      if (alone.has(option)) fault = take(option, "");
      else if (withAttached.has(option)) {
        fault = take(option, word.slice(i + 1));
        i = word.length;
      } else if (withValue.has(option)) {
        const attached = word.slice(i + 1);
        if (attached === "" && at + 1 >= words.length) return usage(`-${option} wants a value`);
        fault = take(option, attached === "" ? words[++at]! : attached);
        i = word.length;
      } else fault = `-${option} is no option of sendmail`;
      if (fault !== undefined) return usage(fault);
    }
  }
  const recipients = words.slice(at);
  if (kind !== "submit") return { kind };
  if (recipients.length === 0 && !given.fromHeader && flushes) return { kind: "flush" };
  if (recipients.length === 0 && !given.fromHeader)
    return usage("no recipients: name them, or use -t for those of the header");
  return { kind, ...given, recipients };
}

function usage(message: string): SendmailRequest {
  return { kind: "usage", message };
}
