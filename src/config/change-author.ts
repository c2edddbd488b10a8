/**
 * Who asks for the change that is being made. Ambient: it passes through every handler of the admin API, and none of them
 * looks at it.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { ChangeAuthor } from "../ports/configuration-documents.ts";

const asking = new AsyncLocalStorage<ChangeAuthor>();

export function asAuthor<Result>(author: ChangeAuthor, run: () => Result): Result {
  return asking.run(author, run);
}

/** Nobody who is known: the program that holds the relay. */
const unknown: ChangeAuthor = { name: "", from: "", doing: "" };

export function changeAuthor(): ChangeAuthor {
  return asking.getStore() ?? unknown;
}
