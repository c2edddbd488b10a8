/** Has a message tried at once, in whatever queues it waits; what came of it is seen where the button stands. */
import { useState } from "preact/hooks";
import { call } from "../../api.ts";
import { failed, told } from "../../components/toast.tsx";

/** `id`: of the message, without a queue. */
export function TryNow({
  id,
  isSuspended,
  onTried,
}: {
  id: string;
  /** It, or its queue. */
  isSuspended: boolean;
  onTried: () => void;
}) {
  const [busy, setBusy] = useState(false);
  const act = async (): Promise<void> => {
    setBusy(true);
    try {
      const { done, unchanged } = await call("retryMessages", { identity: id });
      told(
        done > 0
          ? "It is tried now."
          : unchanged > 0
            ? "It is being handed over already."
            : "It was not tried: it is suspended, or no connector takes it.",
      );
    } catch (error) {
      failed(error);
    }
    setBusy(false);
    onTried();
  };
  return (
    <button
      type="button"
      class="primary"
      disabled={busy || isSuspended}
      title={isSuspended ? "It, or its queue, is suspended: resume it first" : undefined}
      onClick={() => void act()}
    >
      Try now
    </button>
  );
}
