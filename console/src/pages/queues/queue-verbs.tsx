/** What may be done to a queue. */
import { useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { call, may } from "../../api.ts";
import { Confirm } from "../../components/dialog.tsx";
import { failed, told } from "../../components/toast.tsx";
import { messagesText } from "./messages-text.ts";

export type Queue = Output<"listQueues">["queues"][number];

export function QueueVerbs({ queue, onDone }: { queue: Queue; onDone: () => void }) {
  const { identity, status, messages } = queue;
  const [busy, setBusy] = useState(false);
  const [asked, setAsked] = useState(false);
  const act = async (verb: () => Promise<unknown>, done: string): Promise<void> => {
    setBusy(true);
    try {
      await verb();
      told(done);
    } catch (error) {
      failed(error);
    }
    setBusy(false);
    onDone();
  };
  const suspended = status === "Suspended";
  return (
    <div class="actions verbs">
      {may("retryQueue") && (
        <button
          type="button"
          aria-label={`Retry ${identity}`}
          disabled={busy || suspended}
          onClick={() => void act(() => call("retryQueue", { identity }), `${identity} is tried now.`)}
        >
          Retry
        </button>
      )}
      {may("suspendQueue") && (
        <button
          type="button"
          aria-label={`${suspended ? "Resume" : "Suspend"} ${identity}`}
          disabled={busy}
          onClick={() =>
            void (suspended
              ? act(() => call("resumeQueue", { identity }), `${identity} goes on.`)
              : act(() => call("suspendQueue", { identity }), `${identity} is suspended.`))
          }
        >
          {suspended ? "Resume" : "Suspend"}
        </button>
      )}
      {may("retryQueue") && (
        <button
          type="button"
          aria-label={`Resubmit ${identity}`}
          title={resubmittable(queue) ? undefined : "Only messages of a queue in Retry are routed again"}
          disabled={busy || !resubmittable(queue)}
          onClick={() => setAsked(true)}
        >
          Resubmit…
        </button>
      )}
      {asked && (
        <Confirm
          title={`Resubmit ${identity}?`}
          words={`${messagesText(messages)} will leave this queue and be routed again: to another connector, if the configuration has changed, else back here.`}
          verb="Resubmit"
          onClose={() => setAsked(false)}
          onConfirm={() => {
            setAsked(false);
            void act(
              () => call("retryQueue", { identity, resubmit: true }),
              `The messages of ${identity} are routed again.`,
            );
          }}
        />
      )}
    </div>
  );
}

/** As the relay has it. */
function resubmittable({ status, deliveryType, messages }: Queue): boolean {
  return messages > 0 && (status === "Retry" || deliveryType === "Unreachable");
}
