/**
 * An open loop: messages are due at a steady rate, whatever became of those before. One whose time comes while all
 * connections are busy waits, and its wait counts: a server that stalls cannot slow the load down and look quick.
 */
import { type Session, envelopeOf, messageContent, openSession } from "./client.ts";
import { quantilesOf } from "./median.ts";

export interface Pace {
  readonly port: number;
  /** Evenly spaced. */
  readonly perSecond: number;
  readonly messages: number;
  /** Opened beforehand and reused. */
  readonly connections: number;
  readonly sizeBytes: number;
}

export interface PacedResult {
  /** From when each was due to its 250: the wait for a connection, MAIL, RCPT and DATA included. Milliseconds. */
  fromDue(part: number): number;
  /** From the last octet to the 250. */
  toReply(part: number): number;
  /** How late the client itself began, by its timers; part of `fromDue`. */
  lateness(part: number): number;
}

interface Due {
  readonly number: number;
  readonly at: number;
}

/** Rejects at the first refusal, and when the last 250 is not there a minute after the last message was due. */
export async function runPaced(pace: Pace): Promise<PacedResult> {
  const { port, perSecond, messages, connections } = pace;
  const content = messageContent(pace.sizeBytes);
  const free = await Promise.all(Array.from({ length: connections }, () => openSession({ port })));
  const sessions = [...free];
  const waiting: Due[] = [];
  const [fromDue, toReply, lateness]: [number[], number[], number[]] = [[], [], []];
  const began = performance.now();
  const dueAt = (number: number): number => began + (number * 1000) / perSecond;

  await new Promise<void>((resolve, reject) => {
    const patience = setTimeout(
      () => reject(new Error(`${perSecond.toFixed(0)} messages a second are more than the server takes`)),
      dueAt(messages) - began + 60_000,
    );
    const carry = (session: Session, due: Due): void => {
      session.send(envelopeOf({ recipients: 1 }, due.number), content, 1).then((elapsedMs) => {
        toReply.push(elapsedMs);
        fromDue.push(performance.now() - due.at);
        if (fromDue.length === messages) {
          clearTimeout(patience);
          resolve();
        }
        const next = waiting.shift();
        if (next === undefined) free.push(session);
        else carry(session, next);
      }, reject);
    };
    let number = 0;
    const begin = (): void => {
      const now = performance.now();
      for (; number < messages && dueAt(number) <= now; number++) {
        const due = { number, at: dueAt(number) };
        lateness.push(now - due.at);
        const session = free.pop();
        if (session === undefined) waiting.push(due);
        else carry(session, due);
      }
      if (number < messages) setTimeout(begin, dueAt(number) - performance.now());
    };
    begin();
  }).finally(() => {
    for (const session of sessions) session.quit();
  });
  return { fromDue: quantilesOf(fromDue), toReply: quantilesOf(toReply), lateness: quantilesOf(lateness) };
}
