/** From the last RCPT on: DATA or BDAT, the content, and what the peer answers to it. */
import { SpoolError } from "../../../../spool/spool.ts";
import { SmtpClientError } from "../wire/client-error.ts";
import { failureWords } from "../wire/failure-words.ts";
import { localVerdict, replyVerdict } from "../wire/peer-verdict.ts";
import { isAboutBdatItself, kindOf } from "../wire/reply-meaning.ts";
import type { PeerReply } from "../wire/reply-reader.ts";
import { timeouts } from "../wire/timeouts.ts";
import { NotHeld } from "./content-pump.ts";
import type { ContentWay } from "./content-transfer.ts";
import { again, closing, delivered, end, finish, outOfStep, withhold } from "./ending.ts";
import { encodingOf, isBinary, type TransactionState } from "./transaction-state.ts";

/** Every recipient has its answer. */
export function beginContent(state: TransactionState): void {
  const { answers, mode, session } = state;
  if (mode.pipelining && !mode.chunking) {
    awaitData(state);
  } else if (answers.accepted.length === 0) {
    finish(state);
  } else if (mode.chunking) {
    sendChunks(state);
  } else {
    awaitData(state);
    session.connection.writeText("DATA\r\n", encodingOf(state));
  }
}

function awaitData(state: TransactionState): void {
  state.phase = "data";
  state.session.connection.setDeadline(timeouts.dataMs);
}

/** To DATA. */
export function dataReply(state: TransactionState, reply: PeerReply): void {
  if (reply.code === 354) {
    state.phase = "content";
    if (state.answers.accepted.length > 0) return sendData(state);
    // Nobody is left, but the peer waits for content: the empty one goes to nobody (RFC 2920 §3.1).
    return state.transfer.sendNothing();
  }
  const kind = kindOf(reply);
  // Nothing is outstanding behind it: what refuses is the answer to a RCPT, and that to DATA comes next.
  const isOne = state.answers.isNobodyAccepted || !state.session.connection.hasAnotherReply;
  if (kind === "positive" || kind === "unexpected" || !isOne) return outOfStep(state, reply);
  state.contentRefusal = reply;
  finish(state);
}

/** To a BDAT of several. */
export function chunkReply(state: TransactionState, reply: PeerReply): void {
  const { transfer } = state;
  const isEarly = transfer.takeBackChunk();
  transfer.chunksUnanswered--;
  const kind = kindOf(reply);
  if (kind === "unexpected" || isEarly || transfer.chunksUnanswered < 0) return outOfStep(state, reply);
  if (reply.code === 421) return refused(state, reply, closing(replyVerdict(reply)));
  if (kind === "positive") {
    state.session.peer.chunkingProven = true;
    transfer.chunkTaken();
    if (transfer.complete && transfer.chunksUnanswered === 0 && state.contentRefusal === undefined)
      return delivered(state, reply);
  } else if (state.contentRefusal === undefined) {
    if (retriedByData(state, reply)) return;
    state.contentRefusal = reply;
    transfer.stop();
  }
  afterChunks(state);
}

/** To the whole content. */
export function contentReply(state: TransactionState, reply: PeerReply): void {
  const { mode, session, transfer } = state;
  const kind = kindOf(reply);
  const isEarly = transfer.takeBackEnd(!mode.chunking || kind === "positive");
  // Refused before the end: DATA cannot be broken off but by closing.
  const close = isEarly || reply.code === 421 ? closing(replyVerdict(reply)) : undefined;
  if (state.answers.isNobodyAccepted)
    return finish(state, kind === "unexpected" ? closing(replyVerdict(reply)) : close);
  if (kind === "unexpected" || (isEarly && kind === "positive")) return outOfStep(state, reply);
  if (kind === "positive") {
    if (mode.chunking) session.peer.chunkingProven = true;
    return delivered(state, reply);
  }
  if (mode.chunking) {
    // All that has left was answered before.
    if (isEarly && reply.code !== 421) return outOfStep(state, reply);
    if (retriedByData(state, reply)) return;
  }
  refused(state, reply, close);
}

function sendData(state: TransactionState): void {
  const { session, transfer } = state;
  const { inMemory } = transfer;
  if (inMemory === undefined) return stream(state, "data");
  if (!transfer.mayEnd) return withhold(state);
  const next = session.follower();
  transfer.sendData(inMemory, next?.opening() ?? "", next?.encoding ?? "latin1");
}

function sendChunks(state: TransactionState): void {
  const { session, transfer } = state;
  const { inMemory } = transfer;
  const isProven = session.peer.chunkingProven;
  if (inMemory === undefined || !isProven) {
    state.phase = "chunk";
    return stream(state, isProven ? "chunks" : "untriedChunks");
  }
  if (!transfer.mayEnd) return withhold(state);
  state.phase = "content";
  session.connection.setDeadline(timeouts.finalMs);
  const next = session.follower();
  // What a refused BDAT leaves behind differs; RSET ends it.
  if (next !== undefined) session.needsReset = true;
  transfer.sendChunk(inMemory, next?.opening() ?? "", next?.encoding ?? "latin1");
}

function stream(state: TransactionState, way: ContentWay): void {
  state.transfer.stream(way).then(
    () => afterChunks(state),
    (error: unknown) => unreadable(state, error),
  );
}

function unreadable(state: TransactionState, error: unknown): void {
  if (state.over) return;
  if (error instanceof NotHeld) return withhold(state);
  const close = new SmtpClientError("lost", `the content could not be read: ${failureWords(error)}`);
  if (error instanceof SpoolError && error.code === "damaged")
    return end(state, { kind: "damaged", what: error.message }, close);
  state.answers.broken(state.job, state.recipients, localVerdict("4.3.0", close.message), false);
  end(state, { kind: "completed", elsewhere: false }, close);
}

/** After a refusal: the chunks under way are answered one by one, then the peer is ready for RSET. */
function afterChunks(state: TransactionState): void {
  if (state.over || state.contentRefusal === undefined || state.phase !== "chunk") return;
  if (!state.transfer.streaming && state.transfer.chunksUnanswered === 0) finish(state);
}

function refused(state: TransactionState, reply: PeerReply, close: SmtpClientError | undefined): void {
  state.contentRefusal = reply;
  finish(state, close);
}

/** True where the reply is about BDAT, and DATA may do. */
function retriedByData(state: TransactionState, reply: PeerReply): boolean {
  if (!isAboutBdatItself(reply) || isBinary(state)) return false;
  const { job, session } = state;
  const verdict = replyVerdict(reply);
  job.chunkingFault = verdict.text;
  if (!session.peer.chunkingProven) session.evidence.blame("CHUNKING", verdict.text);
  // The peer may take the content for commands: this connection is spoilt.
  again(state, closing(verdict), true);
  return true;
}
