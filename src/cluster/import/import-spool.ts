/**
 * Moves the mail of a closed spool into the database. Page by page in the order of ids; with each page, in its transaction,
 * the row of this move says how far it is. So whenever it ends and however often it is begun, each message is put here once,
 * also where nodes have delivered it meanwhile. The directory is marked before the first page: from then on the mail is the nodes'.
 */
import { randomUUID } from "node:crypto";
import { open } from "node:fs/promises";
import type { MessageId } from "../../core/message/envelope.ts";
import { decodeAnswer } from "../../spool/answers/answer-record.ts";
import { writeMovedMark, type MovedMark } from "../../spool/moving/moved-mark.ts";
import type { ClosedRemains, ClosedSpool } from "../../spool/moving/closed-spool.ts";
import { SpoolError, type QueueName } from "../../spool/spool.ts";
import { DatabaseFault } from "../../ports/database-fault.ts";
import type { Query, Session } from "../database/session.ts";
import { chunkBytes } from "../spool/bodies.ts";
import { idAt } from "../spool/node-ids.ts";
import {
  encodePage,
  readClosed,
  type ImportPage,
  type UnreadableMessage,
  type WholeMessage,
} from "./import-page.ts";

export interface Survey {
  readonly messages: number;
  readonly sizeBytes: number;
  readonly recipients: number;
  readonly suspended: number;
  /** By name; the queue of new mail has the empty one. */
  readonly queues: readonly { readonly queue: QueueName; readonly messages: number }[];
  readonly damaged: readonly { readonly id: MessageId; readonly what: string }[];
  /** Given to clients, and still to be given again. */
  readonly answers: number;
}

export interface Imported {
  /** Of all runs together. */
  readonly messages: number;
  /** Were there already, octet for octet, from another copy of the directory. */
  readonly wereThere: number;
  readonly damaged: number;
  readonly answers: number;
  readonly endedAt: Date;
  /** Messages whose number is another one's there; of this run. */
  readonly renumbered: readonly { readonly from: MessageId; readonly to: MessageId }[];
}

const messagesAtOnce = 128;
const recordBytesAtOnce = 4 * 1024 * 1024;
const bodyBytesAtOnce = 16 * 1024 * 1024;
const answersAtOnce = 1_000;
const pageMs = 120_000;
const againMs = 500;
/** So long a database that fails over is waited for. */
const patienceMs = 60_000;
/** Behind all ids: nothing is left but the end. */
const allDone = Number.MAX_SAFE_INTEGER;
/** Nodes draw ids of now. */
const marginMs = 1_000;

/** What there is to be moved. Reads every message but large contents. */
export async function surveySpool(
  spool: ClosedSpool,
  now: number,
  progress: (read: number) => void,
): Promise<Survey> {
  const queues = new Map<QueueName, number>();
  const damaged: { id: MessageId; what: string }[] = [];
  let [messages, sizeBytes, recipients, suspended, read] = [0, 0, 0, 0, 0];
  for (let after = -1; ;) {
    const page = spool.after(after, messagesAtOnce);
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.id;
    for (const one of page.map(readClosed)) {
      if (one.kind === "damaged") {
        damaged.push({ id: one.id, what: one.what });
        continue;
      }
      messages++;
      sizeBytes += one.sizeBytes;
      recipients += one.recipients;
      if (one.isSuspended) suspended++;
      for (const { queue } of one.entries) queues.set(queue, (queues.get(queue) ?? 0) + 1);
    }
    progress((read += page.length));
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const { id, what } of await spool.remains()) damaged.push({ id, what });
  let answers = 0;
  for (const page of answerPages(spool)) answers += page.filter(({ keptUntil }) => keptUntil > now).length;
  return {
    messages,
    sizeBytes,
    recipients,
    suspended,
    queues: [...queues].map(([queue, count]) => ({ queue, messages: count })).toSorted(byName),
    damaged,
    answers,
  };
}

/**
 * Resolves when all is in the database, and the directory says so. Rejects with DatabaseFault or SpoolError: it may be run
 * again then, and goes on where it was.
 */
export async function importSpool(parts: {
  readonly spool: ClosedSpool;
  /** Of the spool, for its mark and for people. */
  readonly directory: string;
  readonly session: Session;
  readonly name: (of: string) => string;
  /** For people. */
  readonly database: string;
  /** Where the directory is, and who moves it. */
  readonly place: string;
  readonly by: string;
  /** Of the old relay: from now on they are so at all nodes, before the first of their messages is there. */
  readonly suspendedQueues: readonly QueueName[];
  readonly now: number;
  readonly progress: (moved: number, of: number) => void;
}): Promise<Imported> {
  const { spool, directory, session, name, database, place, by, suspendedQueues, now, progress } = parts;
  const again = <Answer>(ask: () => Promise<Answer>): Promise<Answer> => patiently(ask);

  const mark: MovedMark = spool.mark ?? {
    source: randomUUID(),
    database,
    begunAt: new Date(now).toISOString(),
  };
  await again(() => session.query(`select ${name("import_begin_1")}($1, $2, $3)`, [mark.source, place, by]));
  if (spool.mark === undefined) await writeMovedMark(directory, mark);

  // Once messages are there, what people say at the nodes holds, also when the move is run again.
  if (Number((await again(() => stateOf(session, name, mark.source))).last_id) < 0)
    for (const queue of suspendedQueues)
      await again(() => session.query(`select ${name("suspend_queue_1")}($1, true)`, [queue]));

  let answers = 0;
  for (const page of answerPages(spool)) {
    const kept = page.filter(({ keptUntil }) => keptUntil > now);
    if (kept.length === 0) continue;
    const octets = kept.flatMap(({ hash, record }) => [hash, record]);
    let at = 0;
    const ats = kept.map(({ record }) => (at += 32 + record.length) - 32 - record.length);
    await again(() =>
      session.query(`select ${name("import_answers_1")}($1, $2, $3, $4)`, [
        Buffer.concat(octets),
        ats,
        kept.map(({ record }) => record.length),
        kept.map(({ keptUntil }) => keptUntil),
      ]),
    );
    answers += kept.length;
  }

  const renumbered: { from: MessageId; to: MessageId }[] = [];
  let moved = 0;
  for (;;) {
    const { last_id: lastId } = await again(() => stateOf(session, name, mark.source));
    const after = Number(lastId);
    if (after === allDone) break;
    const page = pageAfter(spool, after);
    const remains = page.length === 0 ? await spool.remains() : [];
    const last = page.at(-1)?.id ?? allDone;
    const numbers = await again(() =>
      session.transaction(
        (query) => movePage({ query, name, spool, source: mark.source, after, last, page, remains }),
        pageMs,
      ),
    );
    if (numbers === undefined) continue;
    renumbered.push(...numbers);
    progress((moved += page.length), spool.messages);
  }
  const [ended] = await again(() =>
    session.query<{ at: Date }>(`select ${name("import_end_1")}($1) as at`, [mark.source]),
  );
  const endedAt = ended?.at ?? new Date(now);
  await writeMovedMark(directory, { ...mark, endedAt: endedAt.toISOString() });
  const state = await again(() => stateOf(session, name, mark.source));
  return {
    messages: Number(state.messages),
    wereThere: Number(state.were_there),
    damaged: Number(state.damaged),
    answers,
    endedAt,
    renumbered,
  };
}

interface MoveState {
  readonly last_id: string;
  readonly messages: string;
  readonly were_there: string;
  readonly damaged: string;
}

async function stateOf(session: Session, name: (of: string) => string, source: string): Promise<MoveState> {
  const [row] = await session.query<MoveState & Record<string, unknown>>(
    `select last_id, messages, were_there, damaged from ${name("import")} where source = $1`,
    [source],
  );
  if (row === undefined)
    throw new DatabaseFault("refused", `this database knows nothing of the move that was begun here`);
  return row;
}

function pageAfter(spool: ClosedSpool, after: MessageId): readonly (WholeMessage | UnreadableMessage)[] {
  const page: (WholeMessage | UnreadableMessage)[] = [];
  let [recordBytes, bodyBytes] = [0, 0];
  for (const closed of spool.after(after, messagesAtOnce)) {
    const one = readClosed(closed);
    page.push(one);
    recordBytes += closed.record.length;
    if (one.kind === "whole" && one.bodyCrc !== undefined) bodyBytes += one.sizeBytes;
    if (recordBytes > recordBytesAtOnce || bodyBytes > bodyBytesAtOnce) break;
  }
  return page;
}

/** Undefined: somebody else did it. */
async function movePage(parts: {
  readonly query: Query;
  readonly name: (of: string) => string;
  readonly spool: ClosedSpool;
  readonly source: string;
  readonly after: MessageId;
  readonly last: MessageId;
  readonly page: readonly (WholeMessage | UnreadableMessage)[];
  readonly remains: readonly ClosedRemains[];
}): Promise<readonly { readonly from: MessageId; readonly to: MessageId }[] | undefined> {
  const { query, name, spool, source, after, last, page, remains } = parts;
  const given = new Map([...page, ...remains].map(({ id, record }) => [id, record]));
  const places = await placesOf(query, name, given);
  const messages: WholeMessage[] = [];
  const damaged: UnreadableMessage[] = [];
  const numbers: { from: MessageId; to: MessageId }[] = [];
  let wereThere = 0;
  const putChunks = async (id: MessageId, octets: AsyncIterable<Buffer>): Promise<void> => {
    let n = 0;
    for await (const chunk of octets)
      await query(`select ${name("import_chunk_1")}($1, $2, $3)`, [id, n++, chunk]);
  };
  for (const one of page) {
    const id = places.get(one.id);
    if (id === undefined) {
      wereThere++;
      continue;
    }
    if (id !== one.id) numbers.push({ from: one.id, to: id });
    if (one.kind === "damaged") {
      damaged.push({ ...one, id });
      continue;
    }
    try {
      if (one.bodyCrc !== undefined) await putChunks(id, spool.body(one.id, one.sizeBytes, one.bodyCrc));
      messages.push({ ...one, id });
    } catch (error) {
      if (!(error instanceof SpoolError) || error.code !== "damaged") throw error;
      // What could be read of it stands beside it.
      damaged.push({ kind: "damaged", id, what: error.message, record: one.record, state: stateText(one) });
    }
  }
  for (const { id: from, what, record, state, bodyFile } of remains) {
    const id = places.get(from);
    if (id === undefined) continue;
    if (bodyFile !== undefined) await putChunks(id, chunksOf(bodyFile));
    damaged.push({ kind: "damaged", id, what, record, state });
  }
  const values: ImportPage = { messages, damaged };
  const [row] = await query<{ moved: boolean }>(
    `select ${name("import_page_1")}(${Array.from({ length: 19 }, (_, at) => `$${at + 1}`).join(", ")}) as moved`,
    [source, after, last, wereThere, ...encodePage(values)],
  );
  if (row?.moved === true) return numbers;
  // Its contents must not stay.
  throw new OvertakenError();
}

class OvertakenError extends Error {}

/**
 * Under which id each comes: its own where that is free, and nodes draw it no more; undefined: it is there already, octet for
 * octet.
 */
async function placesOf(
  query: Query,
  name: (of: string) => string,
  given: ReadonlyMap<MessageId, Buffer | undefined>,
): Promise<ReadonlyMap<MessageId, MessageId | undefined>> {
  const places = new Map<MessageId, MessageId | undefined>([...given.keys()].map((id) => [id, id]));
  if (given.size === 0) return places;
  const [clock] = await query<{ now: number }>(
    "select (extract(epoch from clock_timestamp()) * 1000)::float8 as now",
  );
  const newest = idAt((clock?.now ?? 0) - marginMs);
  const takenText = (ids: string): string =>
    `select u.id, coalesce(m.record, d.record) as record from ${ids} u(id)
      left join ${name("message")} m on m.id = u.id left join ${name("damaged")} d on d.id = u.id
      where m.id is not null or d.id is not null or exists (select 1 from ${name("body")} b where b.id = u.id)`;
  const taken = new Map(
    (
      await query<{ id: string; record: Buffer | null }>(takenText("unnest($1::bigint[])"), [
        [...given.keys()],
      ])
    ).map(({ id, record }) => [Number(id), record]),
  );
  const drawn = new Set<MessageId>(given.keys());
  for (const [id, record] of given) {
    const there = taken.get(id);
    if (there !== undefined && there !== null && record !== undefined && there.equals(record)) {
      places.set(id, undefined);
      continue;
    }
    if (there === undefined && id < newest) continue;
    for (let from = Math.min(id + 1, newest - 4 * messagesAtOnce); ; from++) {
      if (drawn.has(from)) continue;
      const found = await query(takenText("unnest($1::bigint[])"), [[from]]);
      if (found.length > 0) continue;
      drawn.add(from);
      places.set(id, from);
      break;
    }
  }
  return places;
}

function stateText({ entries }: WholeMessage): Buffer {
  return Buffer.concat(entries.map(({ state }) => state ?? Buffer.alloc(0)));
}

async function* chunksOf(file: string): AsyncGenerator<Buffer, void, undefined> {
  const handle = await open(file, "r");
  try {
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

function* answerPages(
  spool: ClosedSpool,
): Generator<{ readonly hash: Buffer; readonly record: Buffer; readonly keptUntil: number }[]> {
  for (let after: Buffer | undefined; ;) {
    const page = spool.answers(after, answersAtOnce);
    after = page.at(-1)?.hash;
    if (after === undefined) return;
    yield page.flatMap((one) => {
      const stored = decodeAnswer(one.record);
      return stored === undefined ? [] : [{ ...one, keptUntil: stored.keptUntil }];
    });
  }
}

async function patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof OvertakenError) return undefined as Answer;
      const mayPass = error instanceof DatabaseFault && (error.kind !== "refused" || isRace(error));
      if (!mayPass || performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
  }
}

/** Somebody took an id between the look and the commit, or two waited for each other. */
function isRace({ code }: DatabaseFault): boolean {
  return code === "23505" || code === "40P01" || code === "55P03";
}

function byName(a: { readonly queue: string }, b: { readonly queue: string }): number {
  return a.queue < b.queue ? -1 : 1;
}
