/** A verb for many messages: counted first, asked for with that count, then done slice by slice, to be stopped. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Input, Output } from "../../../../src/admin/contract.ts";
import { call } from "../../api.ts";
import { Dialog } from "../../components/dialog.tsx";
import { faultText, told } from "../../components/toast.tsx";
import { messagesText } from "./messages-text.ts";

export type BulkVerb = "retry" | "suspend" | "resume" | "remove";

/** Whom it is for: those chosen one by one, or all that a filter fits. */
export type Target =
  | { readonly kind: "chosen"; readonly identities: readonly string[] }
  | {
      readonly kind: "fitting";
      readonly queue: string | undefined;
      readonly filter: string;
      /** False: the filter fits all. */
      readonly isFiltered: boolean;
    };

type Changed = Output<"suspendMessages">;
interface Counts {
  readonly done: number;
  readonly pending: number;
  readonly passed: number;
}

/** Messages looked at in one request, so that one sees it go on and can stop it. */
const slice = 5_000;

const verbs = {
  retry: {
    title: "Try now",
    done: "being tried",
    words: "They are tried at once, whatever their next attempt was to be. What is suspended stays so.",
  },
  suspend: {
    title: "Suspend",
    done: "suspended",
    words: "They stay where they are and are not tried until they are resumed, also after a restart.",
  },
  resume: { title: "Resume", done: "resumed", words: "They are tried again when their turn comes." },
  remove: {
    title: "Remove",
    done: "removed",
    words:
      "They leave the queue for good; recipients in other queues are not touched. This cannot be undone.",
  },
} as const;

export function BulkDialog({
  verb,
  target,
  onClose,
}: {
  verb: BulkVerb;
  target: Target;
  onClose: () => void;
}) {
  const [count, setCount] = useState(target.kind === "chosen" ? target.identities.length : 0);
  const [state, setState] = useState<"counting" | "asking" | "doing">(
    target.kind === "chosen" ? "asking" : "counting",
  );
  const [withNdr, setWithNdr] = useState(true);
  const [counts, setCounts] = useState<Counts>({ done: 0, pending: 0, passed: 0 });
  const [fault, setFault] = useState("");
  const stopped = useRef(false);
  const { title, words, done } = verbs[verb];

  useEffect(() => {
    if (target.kind === "fitting")
      walk(verb, { queue: target.queue, filter: target.filter, whatIf: true }, (all) => {
        setCount(all.done);
        return stopped.current;
      }).then(
        () => setState("asking"),
        (error: unknown) => setFault(faultText(error)),
      );
    return () => {
      stopped.current = true;
    };
  }, []);

  const act = async (): Promise<void> => {
    setState("doing");
    setFault("");
    const more = verb === "remove" ? { withNdr } : {};
    let reached: Counts = counts;
    const went = (all: Counts): boolean => {
      reached = all;
      setCounts(all);
      return stopped.current;
    };
    try {
      if (target.kind === "fitting") await walk(verb, { ...target, ...more }, went);
      else await each(verb, target.identities, more, went);
      told(summary(verb, reached, stopped.current));
      onClose();
    } catch (error) {
      setFault(`${faultText(error)} ${summary(verb, reached, true)}`);
      setState("asking");
    }
  };

  return (
    <Dialog title={`${title} ${state === "counting" ? "messages" : messagesText(count)}?`} onClose={onClose}>
      <p>
        {state === "counting" ? `Counting… ${count.toLocaleString()} so far.` : scopeText(target, count)}{" "}
        {words}
      </p>
      {verb === "remove" && (
        <label class="check">
          <input
            type="checkbox"
            checked={withNdr}
            disabled={state === "doing"}
            onChange={() => setWithNdr(!withNdr)}
          />{" "}
          Send each sender a non-delivery report
        </label>
      )}
      {state === "doing" && (
        <>
          <progress
            max={Math.max(1, count)}
            value={counts.done + counts.pending + counts.passed}
            aria-label="Progress"
          />
          <p role="status">
            {(counts.done + counts.pending).toLocaleString()} of {count.toLocaleString()} {done}.
          </p>
        </>
      )}
      <p class="fault" role="alert">
        {fault}
      </p>
      <div class="actions end">
        <button
          type="button"
          onClick={() => {
            stopped.current = true;
            if (state !== "doing") onClose();
          }}
        >
          {state === "doing" ? "Stop" : "Cancel"}
        </button>
        <button
          type="button"
          class={verb === "remove" ? "danger" : "primary"}
          disabled={state !== "asking" || count === 0}
          onClick={() => void act()}
        >
          {title} {state === "counting" ? "…" : messagesText(count)}
        </button>
      </div>
    </Dialog>
  );
}

type Walked = Pick<Input<"removeMessages">, "filter" | "withNdr" | "whatIf"> & {
  readonly queue: string | undefined;
};

/** Slice by slice to the end, or until `went` says to stop. */
async function walk(
  verb: BulkVerb,
  { queue, filter, withNdr, whatIf }: Walked,
  went: (all: Counts) => boolean,
): Promise<void> {
  let all: Counts = { done: 0, pending: 0, passed: 0 };
  let after: string | null = null;
  do {
    const changed: Changed = await ask(verb, {
      filter,
      limit: slice,
      maxExamined: slice,
      ...(queue === undefined ? {} : { queue }),
      ...(withNdr === undefined ? {} : { withNdr }),
      ...(whatIf === undefined ? {} : { whatIf }),
      ...(after === null ? {} : { after }),
    });
    all = added(all, changed);
    after = changed.next;
    if (went(all)) return;
  } while (after !== null);
}

/** Many in one request. */
async function each(
  verb: BulkVerb,
  identities: readonly string[],
  more: { readonly withNdr?: boolean },
  went: (all: Counts) => boolean,
): Promise<void> {
  let all: Counts = { done: 0, pending: 0, passed: 0 };
  for (let at = 0; at < identities.length; at += slice) {
    all = added(all, await ask(verb, { identities: identities.slice(at, at + slice), ...more }));
    if (went(all)) return;
  }
}

function ask(verb: BulkVerb, input: Input<"removeMessages">): Promise<Changed> {
  switch (verb) {
    case "retry":
      return call("retryMessages", input);
    case "suspend":
      return call("suspendMessages", input);
    case "resume":
      return call("resumeMessages", input);
    case "remove":
      return call("removeMessages", input);
  }
}

function added(all: Counts, { done, pending, passed }: Changed): Counts {
  return { done: all.done + done, pending: all.pending + pending, passed: all.passed + passed };
}

function scopeText(target: Target, count: number): string {
  if (target.kind === "chosen")
    return target.identities.length === 1
      ? `${target.identities[0] ?? ""}.`
      : `The ${messagesText(count)} chosen.`;
  const where = target.queue === undefined ? "in all queues" : `in ${target.queue}`;
  return target.isFiltered
    ? `${messagesText(count)} ${where} fit now: ${target.filter}.`
    : `Every message ${where}: ${messagesText(count)} now.`;
}

function summary(verb: BulkVerb, { done: count, pending, passed }: Counts, isCut: boolean): string {
  const { done } = verbs[verb];
  const parts = [`${messagesText(count)} ${done}.`];
  if (pending > 0)
    parts.push(`${messagesText(pending)} on the way now: holds when this attempt does not succeed.`);
  if (passed > 0)
    parts.push(
      `${messagesText(passed)} passed over: gone, taken up just then${verb === "retry" ? ", or suspended" : ""}.`,
    );
  if (isCut) parts.push("Stopped before the end.");
  return parts.join(" ");
}
