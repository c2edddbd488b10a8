/** Work that takes a while, told as it goes on; ended when nobody follows it any more. */
import type { AdminErrorCode } from "../contract.ts";
import type { RecordsOfNodes } from "../records-of-nodes.ts";
import { AdminRefusal } from "../refusal.ts";

export interface Progress {
  readonly signal: AbortSignal;
  /** Of 1; a part that goes back is not told. */
  readonly onPart: (part: number) => void;
  /** Of questions that are answered first. */
  readonly onAhead: (ahead: number) => void;
  readonly recordsOfNodes?: RecordsOfNodes;
}

interface Told<Answer> {
  readonly part: number;
  readonly ahead: number;
  readonly answer: Answer | null;
  readonly fault: { readonly code: AdminErrorCode; readonly message: string } | null;
}

export function toldProgress<Input, Answer>(
  work: (input: Input, progress: Progress) => Promise<Answer>,
): (
  input: Input,
  push: (item: Told<Answer>) => void,
  asked: { readonly recordsOfNodes?: RecordsOfNodes },
) => () => void {
  return (input, push, { recordsOfNodes }) => {
    const leaving = new AbortController();
    let last = 0;
    const onPart = (part: number): void => {
      if (part < last + 0.01) return;
      last = part;
      push({ part, ahead: 0, answer: null, fault: null });
    };
    const onAhead = (ahead: number): void => push({ part: last, ahead, answer: null, fault: null });
    void work(input, {
      signal: leaving.signal,
      onPart,
      onAhead,
      ...(recordsOfNodes === undefined ? {} : { recordsOfNodes }),
    }).then(
      (answer) => push({ part: 1, ahead: 0, answer, fault: null }),
      (error: unknown) => push({ part: last, ahead: 0, answer: null, fault: faultOf(error) }),
    );
    return () => leaving.abort();
  };
}

function faultOf(error: unknown): NonNullable<Told<never>["fault"]> {
  const message = error instanceof Error ? error.message : String(error);
  return { code: error instanceof AdminRefusal ? error.code : "fault", message };
}
