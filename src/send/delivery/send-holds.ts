/**
 * Mail that a connector holds back because its provider takes none now: of one sender's mailbox, or of all. Each hold has
 * an end; then the next message shows whether it is over. What is held is told once, and so is that it is over.
 */
import type { Hold } from "../../core/policy/reply-policy.ts";
import type { Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import type { HeldMail, Verdict } from "./delivery.ts";
import { timeText } from "./decision-events.ts";

export interface Held {
  readonly scope: Hold["scope"];
  /** Nothing was taken since. */
  readonly since: number;
  until: number;
  verdict: Verdict;
  host: string;
  /** In a row. */
  times: number;
  told: boolean;
  advice: string;
}

const everybody = "";
const mostHeld = 10_000;

export class SendHolds {
  private readonly held = new Map<string, Held>();
  private readonly connector: string;
  private readonly clock: Clock;
  private readonly events: Events;

  constructor(connector: string, clock: Clock, events: Events) {
    this.connector = connector;
    this.clock = clock;
    this.events = events;
  }

  /** What holds the mail of a mailbox now. Cost: nothing while nothing is held. */
  of(mailbox: string): Held | undefined {
    if (this.held.size === 0) return undefined;
    const now = this.clock.now();
    const isOn = (held: Held | undefined): boolean => held !== undefined && now < held.until;
    return [this.held.get(everybody), this.held.get(mailbox)].find(isOn);
  }

  /** Begins a hold, unless there is one. Returns when it ends, milliseconds from now. */
  begin(mailbox: string, hold: Hold, verdict: Verdict, host: string): number {
    const { held, clock } = this;
    const now = clock.now();
    const key = hold.scope === "queue" ? everybody : mailbox;
    let known = held.get(key);
    if (known !== undefined && now < known.until) return known.until - now;
    if (known === undefined) {
      known = { scope: hold.scope, since: now, until: 0, verdict, host, times: 0, told: false, advice: "" };
      const [oldest] = held.keys();
      if (held.size >= mostHeld && oldest !== undefined) held.delete(oldest);
      held.set(key, known);
    }
    known.until = now + hold.retryAfterMs;
    known.verdict = verdict;
    known.host = host;
    known.advice = hold.advice;
    known.times++;
    if (!known.told && known.times >= hold.tellFrom) {
      known.told = true;
      this.events.emit("SenderHeld", {
        connector: this.connector,
        who: whoOf(key),
        until: timeText(clock, known.until),
        host,
        error: verdict.text,
        advice: hold.advice,
      });
    }
    return hold.retryAfterMs;
  }

  /** Mail of a mailbox was taken: by one that was under way when a hold began it is not over. Cost: as `of`. */
  ended(mailbox: string): void {
    if (this.held.size === 0) return;
    const now = this.clock.now();
    for (const key of [everybody, mailbox]) {
      const held = this.held.get(key);
      if (held === undefined || now < held.until) continue;
      this.held.delete(key);
      if (held.told) this.events.emit("SenderReleased", { connector: this.connector, who: whoOf(key) });
    }
  }

  /** Since when the mail of a mailbox is held, if it is now. Cost: as `of`. */
  since(mailbox: string): number | undefined {
    return this.of(mailbox)?.since;
  }

  /** What is held now; what ends last comes first. Cost: a pass over it. */
  get list(): readonly HeldMail[] {
    if (this.held.size === 0) return [];
    const now = this.clock.now();
    return [...this.held]
      .filter(([, { until }]) => now < until)
      .sort(([, one], [, other]) => other.until - one.until)
      .map(([key, { until, verdict, advice }]) => ({
        mailbox: key === everybody ? undefined : key,
        until,
        error: verdict.text,
        advice,
      }));
  }

  /** What is held now, in a line; undefined: nothing. */
  get text(): string | undefined {
    if (this.held.size === 0) return undefined;
    const now = this.clock.now();
    const on = [...this.held].filter(([, { until }]) => now < until);
    const [first] = on;
    if (first === undefined) return undefined;
    const [key, { until, verdict }] = first;
    const others = on.length > 1 ? `, and that of ${on.length - 1} more` : "";
    return `mail of ${whoOf(key)} waits until ${timeText(this.clock, until)}: ${verdict.text}${others}`;
  }

  /** When what was to have left at `at` has left, if what is held goes on behind its hold. */
  delays(at: number | undefined): number | undefined {
    if (at === undefined || this.held.size === 0) return at;
    return at + Math.max(0, (this.list[0]?.until ?? 0) - this.clock.now());
  }

  /** All may be tried now. */
  release(): void {
    for (const held of this.held.values()) held.until = 0;
  }
}

function whoOf(key: string): string {
  return key === everybody ? "everybody" : key;
}
