/**
 * Large contents, in chunks of 256 KiB: on their way in ahead of their message, without waiting for the disk, for the
 * message's commit makes them durable; out some at a time, so that readers of any speed share a connection.
 */
import { crc32 } from "node:zlib";
import type { MessageId } from "../../core/message/envelope.ts";
import { SpoolError } from "../../spool/spool.ts";
import { isOutOfRoom } from "../database/database-fault.ts";
import { DatabaseFault } from "../../ports/database-fault.ts";
import type { Database } from "../database/database.ts";
import type { Session } from "../database/session.ts";

export const chunkBytes = 256 * 1024;
const chunksInFlight = 4;
const chunksAtOnce = 4;

export interface BodyWriter {
  /** False: wait for `whenWritable`. */
  write(octets: Buffer): boolean;
  whenWritable(): Promise<void>;
  /** All chunks are in the database. Rejects with SpoolError. */
  finish(): Promise<{ readonly crc: number; readonly chunks: number }>;
  discard(): void;
}

export interface Bodies {
  begin(id: MessageId): BodyWriter;
  /** Throws SpoolError `damaged` when it is not what it was. */
  read(id: MessageId, sizeBytes: number, crc: number): AsyncIterable<Buffer>;
}

export function createBodies(database: Pick<Database, "bodiesIn" | "bodiesOut" | "name">): Bodies {
  const { bodiesIn, bodiesOut: outOf, name } = database;
  /** Two chunks are under way, so that the database has one to write while the next comes. By turns. */
  let turn = 0;
  /** Of chunks that are in the database: used again. */
  const free: Buffer[] = [];
  return {
    begin: bodyWriter,
    async *read(id, sizeBytes, expected) {
      let crc = 0;
      let bytes = 0;
      for (let n = 0; bytes < sizeBytes; n += chunksAtOnce) {
        const chunks = await outOf
          .copyOut(
            `select data from ${name("body")} where id = ${id} and n >= ${n} and n < ${n + chunksAtOnce} order by n`,
          )
          .catch((error: unknown) => {
            throw new SpoolError("failed", `content cannot be read: ${String(error)}`, { cause: error });
          });
        if (chunks.length === 0) throw new SpoolError("damaged", "a part of the content is missing");
        for (const [chunk] of chunks) {
          if (!chunk) throw new SpoolError("damaged", "a part of the content is missing");
          crc = crc32(chunk, crc);
          bytes += chunk.length;
          if (bytes >= sizeBytes && (bytes > sizeBytes || crc !== expected))
            throw new SpoolError("damaged", "the content does not match its checksum");
          yield chunk;
        }
      }
    },
  };

  function bodyWriter(id: MessageId): BodyWriter {
    /** What is not sent yet stands at its beginning. */
    let chunk: Buffer | undefined;
    let gatheredBytes = 0;
    let crc = 0;
    let n = 0;
    let inFlight = 0;
    let fault: unknown;
    /** That chunks were put through. */
    const connections = new Map<Session, number>();
    let discarded = false;
    let all: Promise<unknown> = Promise.resolve();
    let writable: (() => void)[] = [];

    const tell = (): void => {
      const waiting = writable;
      writable = [];
      for (const resolve of waiting) resolve();
    };

    const send = (): void => {
      if (chunk === undefined) return;
      const sent = chunk;
      const octets = chunk.subarray(0, gatheredBytes);
      chunk = undefined;
      gatheredBytes = 0;
      inFlight++;
      const into = bodiesIn[turn++ % bodiesIn.length] as Session;
      const put = into.query(`select ${name("put_chunk_1")}($1, $2, $3)`, [id, n++, octets]).then(
        () => {
          inFlight--;
          if (free.length < chunksInFlight) free.push(sent);
          if (!connections.has(into)) connections.set(into, into.connection);
          if (isLost()) fault ??= new Error("the database was lost meanwhile");
          tell();
        },
        (error: unknown) => {
          inFlight--;
          fault ??= error;
          tell();
        },
      );
      all = Promise.all([all, put]);
    };

    /** What another connection has put there may be lost with its server. */
    const isLost = (): boolean =>
      [...connections].some(([into, connection]) => connection !== into.connection);

    const isFree = (): boolean => inFlight < chunksInFlight || fault !== undefined || discarded;

    return {
      write(octets) {
        if (fault !== undefined || discarded) return true;
        crc = crc32(octets, crc);
        for (let at = 0; at < octets.length;) {
          chunk ??= free.pop() ?? Buffer.allocUnsafeSlow(chunkBytes);
          const bytes = octets.copy(chunk, gatheredBytes, at);
          gatheredBytes += bytes;
          at += bytes;
          if (gatheredBytes === chunkBytes) send();
        }
        return isFree();
      },
      whenWritable: () => (isFree() ? Promise.resolve() : new Promise((resolve) => writable.push(resolve))),
      async finish() {
        if (gatheredBytes > 0) send();
        await all;
        if (isLost()) fault ??= new Error("the database was lost meanwhile");
        if (fault !== undefined) {
          this.discard();
          const isRefused = fault instanceof DatabaseFault && fault.kind === "refused";
          const code = isOutOfRoom(fault) ? "full" : isRefused ? "failed" : "away";
          throw new SpoolError(code, `the content cannot be kept: ${textOf(fault)}`, { cause: fault });
        }
        return { crc, chunks: n };
      },
      discard() {
        if (discarded) return;
        discarded = true;
        chunk = undefined;
        tell();
        // Behind what is under way. What stays is swept.
        if (n > 0)
          void all
            .then(() => bodiesIn[0]?.query(`select ${name("drop_body_1")}($1)`, [id]))
            .catch(() => undefined);
      },
    };
  }
}

function textOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : "the database";
}
