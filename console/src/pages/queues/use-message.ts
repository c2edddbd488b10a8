/** A message that is looked at, kept as it is now until it waits no more. */
import { useEffect, useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { ApiError, call } from "../../api.ts";
import { faultText } from "../../components/toast.tsx";

export type Message = Output<"getMessage">["message"];

const everyMs = 2_000;

export interface SeenMessage {
  /** As it was last seen. */
  readonly message: Message | undefined;
  /** Whose its source is. */
  readonly application: string | undefined;
  /** It was here, and waits no more. */
  readonly isGone: boolean;
  /** Why it cannot be shown, in words; empty: it can. */
  readonly fault: string;
  readonly look: () => void;
}

export function useMessage(id: string): SeenMessage {
  const [answer, setAnswer] = useState<Output<"getMessage">>();
  const [isGone, setGone] = useState(false);
  const [fault, setFault] = useState("");
  const [looks, setLooks] = useState(0);
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let seen = answer !== undefined;
    const ask = async (): Promise<void> => {
      try {
        const next = await call("getMessage", { identity: id });
        if (isOver) return;
        seen = true;
        setAnswer(next);
        setFault("");
      } catch (error) {
        if (isOver) return;
        const isMissing = error instanceof ApiError && error.code === "notFound";
        if (isMissing && seen) setGone(true);
        else setFault(faultText(error));
        if (isMissing) return;
      }
      timer = setTimeout(() => void ask(), everyMs);
    };
    void ask();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [id, looks]);
  return {
    message: answer?.message,
    application: answer?.application?.name,
    isGone,
    fault,
    look: () => setLooks((count) => count + 1),
  };
}
