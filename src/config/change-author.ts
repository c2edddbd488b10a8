/**
 * Who asks for the change that is being made. Ambient: it passes through every handler of the admin API, and none of them
 * looks at it. While somebody is known, Node asks at every promise and every socket of the process: that takes a tenth of
 * what mail costs (docs/decisions/0015), so it is for changes, and ends with them.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { ChangeAuthor } from "../ports/configuration-documents.ts";

const asking = new AsyncLocalStorage<ChangeAuthor>();

let changesUnderWay = 0;

/** Runs `change` in the name of `author`. */
export async function asAuthor<Result>(
  author: ChangeAuthor,
  change: () => Result | Promise<Result>,
): Promise<Result> {
  changesUnderWay++;
  try {
    return await asking.run(author, change);
  } finally {
    if (--changesUnderWay === 0) asking.disable();
  }
}

/** Nobody who is known: the program that holds the relay. */
const unknown: ChangeAuthor = { name: "", from: "", doing: "" };

export function changeAuthor(): ChangeAuthor {
  return asking.getStore() ?? unknown;
}
