/** Work of the relay that takes a while: how far it is, then what came of it. Asked once for each input. */
import { useEffect, useState } from "preact/hooks";
import type { Input, Output } from "../../../../../src/admin/contract.ts";
import { follow } from "../../../api.ts";

type Followed = "followLimitAdvice" | "followReceiveConnectorTest";

export interface Answering<Name extends Followed> {
  readonly part: number;
  /** Questions of others that are answered first. */
  readonly ahead: number;
  readonly answer: NonNullable<Output<Name>["answer"]> | undefined;
  readonly fault: string | undefined;
}

const begun = { part: 0, ahead: 0, answer: undefined, fault: undefined };

/** `input` undefined: it is not asked yet. */
export function useAnswer<Name extends Followed>(
  name: Name,
  input: Input<Name> | undefined,
): Answering<Name> {
  const [state, setState] = useState<Answering<Name>>(begun);
  const written = input === undefined ? "" : JSON.stringify(input);
  useEffect(() => {
    if (input === undefined) return undefined;
    setState(begun);
    const stop = follow(name, input, ({ part, ahead, answer, fault }) => {
      const isOver = answer !== null || fault !== null;
      setState({
        part,
        ahead,
        answer: (answer ?? undefined) as Answering<Name>["answer"],
        fault: fault?.message,
      });
      if (isOver) stop();
    });
    return stop;
  }, [name, written]);
  return state;
}
