import type { Ports } from "../../../../ports/ports.ts";
import { SmtpClientError } from "../wire/client-error.ts";

/** Runs `begin` with a signal that also fires when the time is up. */
export async function withDeadline<Result>(
  { clock }: Pick<Ports, "clock">,
  timeoutMs: number,
  signal: AbortSignal,
  what: string,
  begin: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const own = new AbortController();
  let give: (error: SmtpClientError) => void = () => {};
  const given = new Promise<never>((_, reject) => {
    give = (error) => {
      reject(error);
      own.abort(error);
    };
  });
  const onAbort = (): void => give(new SmtpClientError("aborted", "the relay is stopping"));
  const timer = clock.after(timeoutMs, () =>
    give(new SmtpClientError("timeout", `${what} took longer than ${timeoutMs / 1000} s`)),
  );
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([begin(own.signal), given]);
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", onAbort);
    given.catch(() => {});
  }
}
