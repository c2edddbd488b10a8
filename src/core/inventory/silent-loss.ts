/**
 * Refused and never came back. Who is refused by a limit comes again, or what it had to send is gone: SMTP leaves it to the
 * client, and many applications do not try twice. A record without addresses of people cannot tell whether what comes later
 * is what was refused before, so each that comes a second later or more is taken for it: what is left is the least that was
 * lost, but for clients that try again within the same second.
 */
export interface LossState {
  /** Refused, and followed by nothing yet. */
  outstanding: number;
  /** The same of the last second: nothing comes again so soon, so these came side by side. */
  recent: number;
  recentMs: number;
  firstMs: number;
  lastMs: number;
  /** Kind of the last refusal (core/refusals/catalogue.ts). */
  kind: string;
}

export interface Loss {
  /** Connections and messages, at least. */
  readonly attempts: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly kind: string;
}

const hourMs = 3_600_000;
/** Mail servers try again within four hours at the latest; applications that do so at all, within minutes. */
export const comesBackWithinMs = 5 * hourMs;
/** Who sends all the time is judged behind this. */
const judgedAfterMs = 24 * hourMs;

const sideBySideMs = 1_000;

export const noLoss = (): LossState => ({
  outstanding: 0,
  recent: 0,
  recentMs: 0,
  firstMs: 0,
  lastMs: 0,
  kind: "",
});

/** A connection or message comes: it may be one that was refused. */
export function cameAgain(state: LossState, atMs: number): void {
  if (state.recent > 0 && atMs - state.recentMs >= sideBySideMs) {
    state.outstanding += state.recent;
    state.recent = 0;
  }
  if (state.outstanding > 0) state.outstanding--;
}

export function wasRefused(state: LossState, atMs: number, kind: string): void {
  if (state.outstanding + state.recent === 0) state.firstMs = atMs;
  if (state.recent++ === 0) state.recentMs = atMs;
  state.lastMs = atMs;
  state.kind = kind;
}

/** What never came back by now; undefined: nothing, or it still may. `lastMs`: when the sender came last. */
export function lossOf(state: LossState, lastMs: number, nowMs: number): Loss | undefined {
  const attempts = state.outstanding + state.recent;
  if (attempts === 0) return undefined;
  const isOver = nowMs - Math.max(lastMs, state.lastMs) >= comesBackWithinMs;
  if (!isOver && nowMs - state.lastMs < judgedAfterMs) return undefined;
  return { attempts, firstMs: state.firstMs, lastMs: state.lastMs, kind: state.kind };
}

/** Of a sender: what came last, what was kept last, and what is lost of it. */
interface Losing {
  readonly loss: LossState;
  lost: Loss | undefined;
  readonly lastMs: number;
  readonly lastMessageMs: number;
  readonly messages: number;
}

const toldForMs = 7 * 24 * hourMs;
const leastAttempts = 3;

/**
 * Settles what never came back: it stands in `lost` from then on, until mail comes in for a day without another refusal, or a week
 * went by. Who never handed in anything has to be refused more often: it may be nobody's application. Returns whether
 * something changed.
 */
export function settleLoss(sender: Losing, nowMs: number): boolean {
  const { loss, lost, lastMs, lastMessageMs, messages } = sender;
  const settled = lossOf(loss, lastMs, nowMs);
  if (settled !== undefined) {
    loss.outstanding = 0;
    loss.recent = 0;
    const isApplication =
      messages > 0 || (settled.attempts >= leastAttempts && settled.kind !== "noConnector");
    if (!isApplication) return true;
    sender.lost = {
      ...settled,
      attempts: settled.attempts + (lost?.attempts ?? 0),
      firstMs: lost?.firstMs ?? settled.firstMs,
    };
    return true;
  }
  if (lost === undefined) return false;
  const quietMs = nowMs - Math.max(lost.lastMs, loss.lastMs);
  const isOver =
    nowMs - lost.lastMs >= toldForMs || (lastMessageMs > lost.lastMs && quietMs >= judgedAfterMs);
  if (isOver) sender.lost = undefined;
  return isOver;
}
