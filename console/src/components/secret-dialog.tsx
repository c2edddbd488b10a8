/** A secret that is shown once: to be copied now, or made anew. */
import type { ComponentChildren } from "preact";
import { Dialog } from "./dialog.tsx";
import { failed, told } from "./toast.tsx";

export function SecretDialog({
  title,
  secret,
  onClose,
  children,
}: {
  title: string;
  secret: string;
  onClose: () => void;
  /** What to do with it. */
  children?: ComponentChildren;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>It is shown only now; only its hash is kept.</p>
      <code class="command">{secret}</code>
      {children}
      <div class="actions end">
        <button
          type="button"
          onClick={() => void navigator.clipboard.writeText(secret).then(() => told("Copied."), failed)}
        >
          Copy
        </button>
        <button type="button" class="primary" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
