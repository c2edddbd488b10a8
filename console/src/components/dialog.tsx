/**
 * A modal dialog: the browser keeps the focus inside, Escape closes it, the focus goes back where it was. Whether it is open
 * is its parent's to say and nobody else's: what the browser closes by itself it tells of a moment later, and a dialog that
 * was asked for meanwhile would close with it.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

export function Dialog({
  title,
  isWide = false,
  onClose,
  children,
}: {
  title: string;
  isWide?: boolean;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const shown = dialog.current;
    if (shown === null) return undefined;
    const before = document.activeElement;
    shown.showModal();
    firstOf(shown)?.focus();
    return () => {
      // What is behind a modal dialog takes no focus.
      shown.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const leave = (event: Event): void => {
    event.preventDefault();
    if (dialog.current !== null) onClose();
  };
  return (
    <dialog
      ref={dialog}
      class={isWide ? "wide-dialog" : ""}
      aria-labelledby={heading}
      onCancel={leave}
      onClose={leave}
    >
      <header class="dialog-head">
        <h2 id={heading}>{title}</h2>
        <button type="button" class="quiet" aria-label="Close" onClick={onClose}>
          ×
        </button>
      </header>
      {children}
    </dialog>
  );
}

/** Where one begins: the first field, else the first button below the title. */
function firstOf(dialog: HTMLDialogElement | null): HTMLElement | null {
  return (
    dialog?.querySelector<HTMLElement>("input:not([type=hidden]), select, textarea") ??
    dialog?.querySelector<HTMLElement>(":scope > :not(.dialog-head) button") ??
    null
  );
}

/** Asks before something is done to many, or cannot be taken back; `words` names how many. */
export function Confirm({
  title,
  words,
  verb,
  isHarmless = false,
  onConfirm,
  onClose,
}: {
  title: string;
  words: string;
  verb: string;
  isHarmless?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{words}</p>
      <div class="actions end">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class={isHarmless ? "primary" : "danger"} onClick={onConfirm}>
          {verb}
        </button>
      </div>
    </Dialog>
  );
}
