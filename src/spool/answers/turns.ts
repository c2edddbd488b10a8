/** Who is first under a key now; in memory, for a crash ends all of them. */
import { createHash } from "node:crypto";
import type { AnswerKey, AnswerTurn } from "../spool-answers.ts";

export interface Turn extends AnswerTurn {
  /** What the key is kept under. */
  readonly hash: Buffer;
  readonly isOver: boolean;
}

export interface Turns {
  begin(hash: Buffer): Turn;
  /** Resolves when the one that is first has ended; undefined: nobody is. */
  running(hash: Buffer): Promise<void> | undefined;
}

export function createTurns(): Turns {
  const running = new Map<string, Promise<void>>();
  return {
    begin(hash) {
      const name = hash.toString("latin1");
      let resolve = (): void => undefined;
      running.set(name, new Promise<void>((resolver) => (resolve = resolver)));
      let isOver = false;
      return {
        hash,
        get isOver() {
          return isOver;
        },
        end() {
          if (isOver) return;
          isOver = true;
          running.delete(name);
          resolve();
        },
      };
    },
    running: (hash) => running.get(hash.toString("latin1")),
  };
}

export function answerHash({ scope, key }: AnswerKey): Buffer {
  return createHash("sha256")
    .update(JSON.stringify([scope, key]))
    .digest();
}
