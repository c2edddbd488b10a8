/** Short words on what was just done, or was not. */
import { signal } from "@preact/signals";
import { ApiError } from "../api.ts";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly fault: boolean;
}

const shownMs = 6_000;
const toasts = signal<readonly Toast[]>([]);
let last = 0;

/** Says that something was done. */
export function told(text: string): void {
  add(text, false);
}

/** Says that something was not done; stays until it is closed. */
export function failed(error: unknown): void {
  // The sign-in page says enough.
  if (error instanceof ApiError && error.code === "unauthenticated") return;
  add(faultText(error), true);
}

export function faultText(error: unknown): string {
  if (!(error instanceof ApiError) || error.faults.length === 0)
    return error instanceof Error ? error.message : String(error);
  return error.faults
    .map(({ message, suggestion }) => (suggestion === undefined ? message : `${message} (${suggestion})`))
    .join("; ");
}

function add(text: string, fault: boolean): void {
  const id = ++last;
  const others = toasts.value.filter((one) => one.text !== text);
  toasts.value = [...others, { id, text, fault }].slice(-4);
  if (!fault) setTimeout(() => close(id), shownMs);
}

function close(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, fault }) => (
        <div key={id} class={fault ? "toast fault" : "toast"}>
          <span>{text}</span>
          <button type="button" class="quiet" aria-label="Close the message" onClick={() => close(id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
