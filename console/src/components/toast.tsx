/** Short words on what was just done, or was not. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { ApiError } from "../api.ts";
import { place } from "../router.ts";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly fault: boolean;
}

const shownMs = 6_000;
const toasts = signal<readonly Toast[]>([]);
let last = 0;

/** What went wrong on a page is of no use on the next. */
let path = place.peek().path;
place.subscribe((next) => {
  if (next.path === path) return;
  path = next.path;
  toasts.value = toasts.value.filter(({ fault }) => !fault);
});

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

/** Says that something to be shown could not be asked for: the frame tells that there is no answer, and it is asked again. */
export function notLoaded(error: unknown): void {
  if (!(error instanceof ApiError && error.code === "unreachable")) failed(error);
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

/** In the browser's top layer, so that a dialog does not cover them; opened anew for each, to be above a later dialog. */
export function Toasts() {
  const layer = useRef<HTMLDivElement>(null);
  const shown = toasts.value;
  const newest = shown.at(-1)?.id;
  useEffect(() => {
    if (layer.current?.matches(":popover-open") === true) layer.current.hidePopover();
    if (newest !== undefined) layer.current?.showPopover();
  }, [newest]);
  return (
    <div class="toasts" popover="manual" role="status" aria-live="polite" ref={layer}>
      {shown.map(({ id, text, fault }) => (
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
