/** Queues: one for each next hop, with what it waits for, its verbs, and the messages in it. */
import { useEffect, useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { call, may } from "../../api.ts";
import { Confirm } from "../../components/dialog.tsx";
import { failed, told } from "../../components/toast.tsx";

type Queue = Output<"listQueues">["queues"][number];

/** How often the queues are asked for while the page is seen. */
const refreshMs = 3_000;

export function QueuesPage() {
  const [queues, setQueues] = useState<readonly Queue[]>();
  const [busy, setBusy] = useState(false);
  const [asked, setAsked] = useState<Queue>();

  const load = (): Promise<void> => call("listQueues", {}).then((answer) => setQueues(answer.queues), failed);
  useEffect(() => {
    void load();
    const timer = setInterval(() => {
      if (!document.hidden) void load();
    }, refreshMs);
    return () => clearInterval(timer);
  }, []);

  const act = async (verb: () => Promise<unknown>, done: string): Promise<void> => {
    setBusy(true);
    try {
      await verb();
      told(done);
    } catch (error) {
      failed(error);
    }
    setBusy(false);
    await load();
  };

  const total = queues?.reduce((sum, queue) => sum + queue.messages, 0) ?? 0;
  return (
    <div class="page queues">
      <header class="page-head">
        <h1>Queues</h1>
        <button
          type="button"
          disabled={busy || total === 0 || !may("retryQueue")}
          onClick={() => void act(() => call("retryQueue", {}), "All queues are tried now.")}
        >
          Retry all
        </button>
      </header>
      <p class="muted">
        {queues === undefined
          ? "…"
          : `${messagesText(total)} in ${queues.length} ${queues.length === 1 ? "queue" : "queues"}.`}
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Queues, scrollable">
        <table aria-label="Queues">
          <thead>
            <tr>
              <th scope="col">Queue</th>
              <th scope="col">Next hop</th>
              <th scope="col">Status</th>
              <th scope="col" class="number">
                Messages
              </th>
              <th scope="col" class="number">
                In / out per s
              </th>
              <th scope="col">Last error</th>
              <th scope="col">Next retry</th>
              <th scope="col">Actions</th>
            </tr>
          </thead>
          <tbody>
            {queues?.map((row) => (
              <tr key={row.identity}>
                <th scope="row">{row.identity}</th>
                <td>{row.nextHop}</td>
                <td>
                  <span class={`badge ${row.status.toLowerCase()}`}>{row.status}</span>
                </td>
                <td class="number">{row.messages.toLocaleString()}</td>
                <td class="number nowrap">
                  {row.incomingRate.toFixed(1)} / {row.outgoingRate.toFixed(1)}
                </td>
                <td class="wide">{row.lastError ?? ""}</td>
                <td class="nowrap">{row.nextRetryAt === null ? "" : untilNow(row.nextRetryAt)}</td>
                <td>
                  <div class="actions">
                    <Verb
                      label={`Retry ${row.identity}`}
                      text="Retry"
                      shown={may("retryQueue")}
                      disabled={busy || row.status === "Suspended"}
                      run={() =>
                        void act(
                          () => call("retryQueue", { identity: row.identity }),
                          `${row.identity} is tried now.`,
                        )
                      }
                    />
                    <Verb
                      label={`Resubmit ${row.identity}`}
                      text="Resubmit…"
                      shown={may("retryQueue")}
                      disabled={busy || row.messages === 0}
                      run={() => setAsked(row)}
                    />
                    {row.status === "Suspended" ? (
                      <Verb
                        label={`Resume ${row.identity}`}
                        text="Resume"
                        shown={may("resumeQueue")}
                        disabled={busy}
                        run={() =>
                          void act(
                            () => call("resumeQueue", { identity: row.identity }),
                            `${row.identity} goes on.`,
                          )
                        }
                      />
                    ) : (
                      <Verb
                        label={`Suspend ${row.identity}`}
                        text="Suspend"
                        shown={may("suspendQueue")}
                        disabled={busy}
                        run={() =>
                          void act(
                            () => call("suspendQueue", { identity: row.identity }),
                            `${row.identity} is suspended.`,
                          )
                        }
                      />
                    )}
                  </div>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {queues?.length === 0 && <p class="empty">No queue: nothing waits.</p>}
      </div>
      {asked !== undefined && (
        <Confirm
          title={`Resubmit ${asked.identity}?`}
          words={`${messagesText(asked.messages)} will leave this queue and be routed again.`}
          verb="Resubmit"
          onClose={() => setAsked(undefined)}
          onConfirm={() => {
            setAsked(undefined);
            void act(
              () => call("retryQueue", { identity: asked.identity, resubmit: true }),
              `${messagesText(asked.messages)} of ${asked.identity} are routed again.`,
            );
          }}
        />
      )}
    </div>
  );
}

function Verb({
  label,
  text,
  shown,
  disabled,
  run,
}: {
  label: string;
  text: string;
  shown: boolean;
  disabled: boolean;
  run: () => void;
}) {
  if (!shown) return null;
  return (
    <button type="button" aria-label={label} disabled={disabled} onClick={run}>
      {text}
    </button>
  );
}

function messagesText(count: number): string {
  return count === 1 ? "1 message" : `${count.toLocaleString()} messages`;
}

function untilNow(at: string): string {
  const seconds = Math.round((Date.parse(at) - Date.now()) / 1_000);
  if (seconds <= 0) return "now";
  return seconds < 120 ? `in ${seconds} s` : `in ${Math.round(seconds / 60)} min`;
}
