/** A token is all it takes; it is sent once and kept nowhere here. */
import { useEffect, useRef, useState } from "preact/hooks";
import { hasSessionEnded, relayName, signIn } from "./api.ts";

export function SignIn() {
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  // The attribute autofocus counts only while a page is loaded.
  useEffect(() => field.current?.focus(), []);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get("token");
    setBusy(true);
    setFault("");
    try {
      await signIn(typeof token === "string" ? token.trim() : "");
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <main class="sign-in">
      <form onSubmit={(event) => void submit(event)}>
        <h1>
          Weir
          {relayName.value !== undefined && <span class="muted"> on {relayName.value}</span>}
        </h1>
        {hasSessionEnded.value && (
          <p role="status">Your session has ended: it lasts 12 hours, or an hour without use.</p>
        )}
        <label class="field">
          <span>Token</span>
          <input
            name="token"
            type="password"
            autocomplete="current-password"
            required
            ref={field}
            aria-describedby="token-help token-fault"
          />
        </label>
        <p id="token-help" class="muted">
          Shown once when the relay first started. Another: <code>weir New-AdminToken</code> in the shell.
        </p>
        <p id="token-fault" class="fault" role="alert">
          {fault}
        </p>
        <button type="submit" class="primary" disabled={busy}>
          Sign in
        </button>
      </form>
    </main>
  );
}
