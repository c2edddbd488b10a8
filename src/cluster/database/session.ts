/**
 * One connection for one purpose, made when it is first needed and again when it broke; calls one after the other. Times
 * out by itself: statement_timeout does not end a commit that waits for a standby, and a time-out of pg's leaves a client
 * that looks well and answers nothing. A commit is never cancelled, for a cancelled one is done, and says so as if it were
 * durable: its connection is closed instead, and nobody knows.
 */
import type { Client, QueryResultRow } from "pg";
import type { DatabaseSettings } from "../../core/policy/cluster-settings.ts";
import type { BinaryValue } from "./binary-values.ts";
import { connectToPrimary, discard } from "./connect.ts";
import { CopyOut, type CopiedRow } from "./copy-out.ts";
import { faultOf } from "./database-fault.ts";
import { DatabaseFault } from "../../ports/database-fault.ts";
import { CallRoom, FunctionCall, type Statement } from "./function-call.ts";
import { keptValue } from "./kept-text.ts";

export type Query = <Row extends QueryResultRow>(text: string, values?: readonly unknown[]) => Promise<Row[]>;

export interface Session {
  /** Rejects with DatabaseFault. */
  query<Row extends QueryResultRow>(
    text: string,
    values?: readonly unknown[],
    timeoutMs?: number,
  ): Promise<Row[]>;
  /** A statement that is called over and over, with one text as its answer. Rejects with DatabaseFault. */
  callFunction(statement: Statement, values: readonly BinaryValue[]): Promise<string | null>;
  /**
   * All that `work` asks in one transaction, on one connection; `timeoutMs` is for the whole. Rejects with DatabaseFault, and
   * with what else `work` throws; nothing is done then, unless it is `lost`.
   */
  transaction<Answer>(work: (query: Query) => Promise<Answer>, timeoutMs: number): Promise<Answer>;
  /** Rows in the octets that the server has them in. Takes no values: they stand in the text (sql-names.ts). */
  copyOut(select: string): Promise<readonly CopiedRow[]>;
  /** Counts connections: what was written by an earlier one without waiting for the disk may be lost. */
  readonly connection: number;
  close(): void;
}

const answerMs = 15_000;
/** A commit was cancelled while it waited for the standby: "has already committed locally". */
const cancelledWait = "01000";

export function openSession(
  settings: DatabaseSettings,
  purpose: string,
  options: { readonly timeoutMs?: number } = {},
): Session {
  let client: Client | undefined;
  let connection = 0;
  let closed = false;
  let tail: Promise<unknown> = Promise.resolve();
  let doubt: string | undefined;
  /** Of the connection there is. */
  let known = new Set<string>();
  let room = new CallRoom();
  /** A pooler that gives a connection to many does not keep names for each. */
  let keepsNames = true;

  const drop = (): void => {
    if (client !== undefined) discard(client);
    client = undefined;
  };

  const connected = async (): Promise<Client> => {
    if (client !== undefined) return client;
    const made = await connectToPrimary(settings, purpose);
    if (closed) {
      discard(made);
      throw closedFault();
    }
    connection++;
    client = made;
    known = new Set();
    room = new CallRoom();
    const isMine = (): boolean => client === made;
    made.on("error", () => {
      if (isMine()) drop();
    });
    made.on("end", () => {
      if (isMine()) client = undefined;
    });
    made.on("notice", (notice) => {
      if (notice.code === cancelledWait) doubt = notice.message ?? "the commit was cancelled";
    });
    return made;
  };

  const call = async <Answer>(ask: (to: Client) => Promise<Answer>, timeoutMs: number): Promise<Answer> => {
    if (closed) throw closedFault();
    const to = await connected();
    doubt = undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new DatabaseFault("lost", `the database gave no answer within ${timeoutMs} ms`)),
        timeoutMs,
      );
    });
    try {
      const answer = await Promise.race([ask(to), late]);
      if (doubt !== undefined) throw new DatabaseFault("lost", doubt);
      return answer;
    } catch (error) {
      const fault = faultOf(error);
      if (fault.kind !== "refused" && client === to) drop();
      throw fault;
    } finally {
      clearTimeout(timer);
    }
  };

  const inTurn = <Answer>(ask: (to: Client) => Promise<Answer>, timeoutMs: number): Promise<Answer> => {
    const answer = tail.then(() => call(ask, timeoutMs));
    tail = answer.catch(() => undefined);
    return answer;
  };

  const callNamed = async (to: Client, { text, name }: Statement, values: readonly BinaryValue[]) => {
    const isKnown = keepsNames && known.has(name);
    const asked = new FunctionCall({ text, name: keepsNames ? name : "" }, values, !isKnown, room);
    // When its time is up before it fails.
    asked.done.catch(() => undefined);
    to.query(asked as never);
    const told = await asked.done;
    known.add(name);
    return told;
  };

  const usualMs = options.timeoutMs ?? answerMs;
  return {
    query: (text, values = [], timeoutMs = usualMs) =>
      inTurn(async (to) => {
        const asked = to.query(text, values.map(keptValue));
        // When its time is up before it fails.
        asked.catch(() => undefined);
        return (await asked).rows as never;
      }, timeoutMs),
    callFunction: (statement, values) =>
      inTurn(async (to) => {
        try {
          return await callNamed(to, statement, values);
        } catch (error) {
          if (!keepsNames || !isNameLost(error)) throw error;
          // Nothing is done: it was not even begun.
          keepsNames = false;
          return callNamed(to, statement, values);
        }
      }, usualMs),
    async transaction(work, timeoutMs) {
      /** Of the work, not of the database. */
      let own: { readonly error: unknown } | undefined;
      const asked = inTurn(async (to) => {
        const query: Query = async (text, values = []) => {
          try {
            return (await to.query(text, values.map(keptValue))).rows as never;
          } catch (error) {
            throw faultOf(error);
          }
        };
        const run = async () => {
          await query("begin");
          try {
            const answer = await work(query);
            await query("commit");
            return answer;
          } catch (error) {
            if (!(error instanceof DatabaseFault)) own = { error };
            await query("rollback").catch(() => undefined);
            throw error;
          }
        };
        const ran = run();
        ran.catch(() => undefined);
        return ran;
      }, timeoutMs);
      try {
        return await asked;
      } catch (error) {
        throw own === undefined ? error : own.error;
      }
    },
    copyOut: (select) =>
      inTurn((to) => {
        const copy = new CopyOut(`copy (${select}) to stdout (format binary)`);
        copy.done.catch(() => undefined);
        to.query(copy as never);
        return copy.done;
      }, usualMs),
    get connection() {
      return connection;
    },
    close() {
      closed = true;
      drop();
    },
  };
}

/** The statement is not known by its name (26000), or somebody else's is (42P05). */
function isNameLost(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === "26000" || code === "42P05";
}

function closedFault(): DatabaseFault {
  return new DatabaseFault("unreachable", "the database is not used any more");
}
