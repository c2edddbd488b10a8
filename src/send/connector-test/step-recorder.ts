/** Keeps what happens during a test: a step at a time, from what the protocol log is told. */
import type {
  TestedCertificate,
  TestOutcome,
  TestStep,
  TestStepName,
} from "../../core/policy/connector-test/test-step.ts";
import type { Clock } from "../../ports/ports.ts";
import { printable } from "../delivery/smtp/wire/peer-verdict.ts";
import type { Transcript } from "../delivery/smtp/wire/transcript.ts";

type Draft = { -readonly [Key in keyof TestStep]: TestStep[Key] };

const verbs: Readonly<Record<string, TestStepName>> = {
  EHLO: "ehlo",
  HELO: "ehlo",
  STARTTLS: "startTls",
  AUTH: "auth",
  MAIL: "mail",
  RCPT: "rcpt",
  RSET: "rset",
  DATA: "data",
};

export class StepRecorder {
  readonly steps: Draft[] = [];
  private readonly clock: Clock;
  /** The step that is under way, and since when. */
  private pending: { readonly draft: Draft; readonly startedAt: number } | undefined;
  private endpoint = "";
  private host = "";

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get last(): Draft | undefined {
    return this.steps.at(-1);
  }

  /** Steps from here on are about this one. */
  at(endpoint: string, host = ""): void {
    this.endpoint = endpoint;
    this.host = host;
  }

  /** A step that is under way then is over, and went well. */
  begin(step: TestStepName): void {
    this.end("ok");
    const draft: Draft = {
      step,
      host: this.host,
      endpoint: this.endpoint,
      outcome: "ok",
      elapsedMs: 0,
      details: [],
      advice: [],
      certificates: [],
      claims: {},
    };
    this.steps.push(draft);
    this.pending = { draft, startedAt: this.clock.now() };
  }

  /** Of the last step. */
  say(...lines: readonly string[]): void {
    const { last } = this;
    if (last !== undefined) last.details = [...last.details, ...lines.map(printable)];
  }

  claims(claims: Readonly<Record<string, string>>): void {
    if (this.last !== undefined) this.last.claims = claims;
  }

  certificates(certificates: readonly TestedCertificate[]): void {
    if (this.last !== undefined) this.last.certificates = certificates;
  }

  end(outcome: TestOutcome): void {
    if (this.pending === undefined) return;
    const { draft, startedAt } = this.pending;
    this.pending = undefined;
    draft.outcome = outcome;
    draft.elapsedMs = Math.round(this.clock.now() - startedAt);
  }

  /** What is under way has failed; else what ended last, where it failed; else `step`, which did not begin. */
  fail(step: TestStepName, words: string): void {
    if (this.pending === undefined && this.last?.outcome !== "failed") this.begin(step);
    const { last } = this;
    if (last !== undefined && !last.details.some((line) => words.endsWith(line))) this.say(words);
    else if (last !== undefined && last.details.length > 0)
      last.details = [...last.details.slice(0, -1), printable(words)];
    this.end("failed");
  }

  /** Makes steps of commands and replies. `onLost`: the words for a connection that ended in the middle of a step. */
  transcript(onLost: (words: string) => string): Transcript {
    return ({ event, data }) => {
      if (event === "+") this.begin("greeting");
      else if (event === ">") {
        const step = verbs[/^[A-Z]+/.exec(data)?.[0] ?? ""];
        if (step !== undefined) this.begin(step);
      } else if (event === "<") this.reply(data);
      else if (event === "-" && this.pending !== undefined) {
        this.say(onLost(data));
        this.end("failed");
      }
    };
  }

  private reply(line: string): void {
    if (this.pending === undefined) return;
    this.say(line);
    if (line[3] === "-") return;
    const { step } = this.pending.draft;
    if (/^[45]/.test(line)) this.end("failed");
    else if (line.startsWith("2")) {
      this.end("ok");
      if (step === "startTls") this.begin("tls");
    }
  }
}
