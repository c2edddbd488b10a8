/** Claims of one connector that wait for their turn by its budgets, and what each turned out to use. */
import type { TurnTaker } from "../../core/policy/application.ts";
import type { OAuthSettings } from "../../core/policy/oauth-settings.ts";
import {
  isCounted,
  limitsOfConnector,
  limitsOfMailbox,
  type SendLimitSettings,
} from "../../core/policy/send-limits.ts";
import type { MessageId } from "../../core/message/envelope.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Claim } from "../../spool/spool.ts";
import type { BudgetUsage, BudgetUser, SendBudgets } from "../budget/send-budgets.ts";
import type { Turn } from "../budget/send-turns.ts";
import { timeText } from "./decision-events.ts";
import type { AttemptResult, Verdict } from "./delivery.ts";
import { localVerdict } from "./smtp/wire/peer-verdict.ts";

export interface CarriedTurns {
  /** Attempts when it is the claim's turn; `throttled` when that is a while off. */
  carry(claim: Claim, mailbox: string, attempt: () => Promise<AttemptResult>): Promise<AttemptResult>;
  /** Claims that wait for their turn. */
  readonly size: number;
  /** What waits, in a line; undefined: nothing does. */
  readonly text: string | undefined;
  /** When what waits has left. */
  readonly emptyAt: number | undefined;
  /** What waits, or one message of it, goes back. False: nothing of it waited. */
  recall(id?: MessageId): boolean;
  /** It was put off, and waits no more. */
  gone(id: MessageId): void;
  retryNow(): void;
  /** What waits goes back; no more is taken. */
  close(): void;
}

/** What is counted, by all carriers together, and whose mail a claim is. */
export interface CarrierBudgets {
  readonly all: SendBudgets;
  readonly turnTakerOf: (claim: Claim) => TurnTaker;
}

export interface CountedConnector extends SendLimitSettings {
  readonly name: string;
  readonly oauth: OAuthSettings | undefined;
}

/**
 * Undefined: nothing limits the connector. `host`: of the next hop. Mailboxes are counted at who gives the tokens, so SMTP and
 * Graph connectors of one tenant share what a mailbox may send.
 */
export function createCarriedTurns(
  connector: CountedConnector,
  host: string,
  clock: Clock,
  budgets: CarrierBudgets | undefined,
): CarriedTurns | undefined {
  if (budgets === undefined || !isCounted(connector)) return undefined;
  const { all, turnTakerOf } = budgets;
  const user: BudgetUser = {
    connector: connector.name,
    account: connector.oauth === undefined ? host : new URL(connector.oauth.tokenEndpoint).host,
    perConnector: limitsOfConnector(connector),
    perMailbox: limitsOfMailbox(connector),
  };
  const leave = all.join(user);
  /** What ends those that wait for their turn. */
  const waiting = new Map<object, (result: AttemptResult) => void>();
  let underWay = 0;
  let isClosed = false;

  const dismiss = (result: AttemptResult, one?: MessageId): boolean => {
    let ended = false;
    all.dismiss(
      user,
      ({ claim }) => {
        waiting.get(claim)?.(result);
        waiting.delete(claim);
        ended = true;
      },
      one,
    );
    return ended;
  };

  const attemptAtTurn = async (
    claim: Claim,
    attempt: () => Promise<AttemptResult>,
    unreached: (recipients: number) => void,
  ): Promise<AttemptResult> => {
    underWay++;
    try {
      const result = await attempt();
      unreached(claim.recipients.length - reachedBy(result));
      return result;
    } finally {
      underWay--;
    }
  };

  return {
    carry(claim, mailbox, attempt) {
      if (isClosed) return Promise.resolve({ kind: "aborted" });
      return new Promise((resolve, reject) => {
        waiting.set(claim, resolve);
        all.ask(user, mailbox, {
          claim,
          id: claim.message.id,
          arrivedAt: claim.message.arrivedAt,
          recipients: claim.recipients.length,
          ...turnTakerOf(claim),
          begin(unreached) {
            waiting.delete(claim);
            attemptAtTurn(claim, attempt, unreached).then((result) => {
              // The next hop is away: what waits rests with the queue, by its schedule.
              if (result.kind === "unreachable" && underWay === 0) dismiss(result);
              resolve(result);
            }, reject);
          },
          putOff(afterMs, need, by) {
            waiting.delete(claim);
            const throttled = {
              kind: "throttled",
              host,
              verdict: verdictOf(need, by),
              retryAfterMs: afterMs,
            } as const;
            resolve(by === "day" ? { ...throttled, spent: true } : throttled);
          },
        });
      });
    },
    get size() {
      return waiting.size;
    },
    get text() {
      const now = clock.now();
      const slow = all.usage(connector.name).filter((one) => one.waitingMessages > 0);
      const [first] = slow.sort((a, b) => (b.emptyAt ?? now) - (a.emptyAt ?? now));
      if (first?.emptyAt === undefined) return undefined;
      const { waitingMessages, emptyAt } = first;
      const what =
        waitingMessages === 1
          ? `1 message of ${whoOf(first)} waits for its turn`
          : `${waitingMessages} messages of ${whoOf(first)} wait for their turn`;
      const until = emptyAt === Infinity ? "for more than 30 days" : `until ${timeText(clock, emptyAt)}`;
      return `${what} (${limitText(first)}), ${waitingMessages === 1 ? "" : "the last "}${until}`;
    },
    get emptyAt() {
      const ends = all.usage(connector.name).filter((one) => one.waitingMessages > 0);
      return ends.length === 0 ? undefined : Math.max(...ends.map(({ emptyAt = 0 }) => emptyAt));
    },
    recall: (id) => dismiss({ kind: "aborted" }, id),
    gone: (id) => all.gone(id),
    retryNow: () => all.retryNow(),
    close() {
      isClosed = true;
      dismiss({ kind: "aborted" });
      leave();
    },
  };
}

/** Recipients that the provider has, or may have. */
function reachedBy(result: AttemptResult): number {
  if (result.kind !== "attempted") return 0;
  return result.outcomes.filter(
    (outcome) =>
      outcome.kind === "delivered" || (outcome.kind === "transient" && outcome.unconfirmed === true),
  ).length;
}

function whoOf({ mailbox, connectors }: Pick<BudgetUsage, "mailbox" | "connectors">): string {
  return mailbox ?? `send connector ${connectors.join(", ")}`;
}

function limitText({ limits: { messagesPerMinute, recipientsPerDay } }: Pick<BudgetUsage, "limits">): string {
  return [
    ...(messagesPerMinute === Infinity ? [] : [`${messagesPerMinute} messages a minute`]),
    ...(recipientsPerDay === Infinity ? [] : [`${recipientsPerDay} recipients a day`]),
  ].join(", ");
}

function verdictOf({ budget: { name }, limits }: Parameters<Turn["putOff"]>[1], by: "pace" | "day"): Verdict {
  const who = name.mailbox ?? `send connector ${name.connector ?? ""}`;
  const { messagesPerMinute, recipientsPerDay } = limits;
  if (by === "day") return verdict(`waits: ${who} has used its ${recipientsPerDay} recipients of 24 hours`);
  const pace = messagesPerMinute === Infinity ? "" : `: ${who} sends ${messagesPerMinute} messages a minute`;
  return verdict(`waits for its turn${pace}`);
}

function verdict(text: string): Verdict {
  return localVerdict("4.3.2", `451 4.3.2 ${text}`);
}
