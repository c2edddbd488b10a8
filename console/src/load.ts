/** What a page shows, asked for when it opens and again every few seconds while it is seen. */
import { useEffect, useState } from "preact/hooks";
import type { Input, OperationName, Output } from "../../src/admin/contract.ts";
import { ApiError, call } from "./api.ts";
import { failed } from "./components/toast.tsx";
import { recoveries } from "./connection.ts";

/**
 * The second value asks again at once. `everyMs` 0: asked once for each input. What an earlier input was answered is
 * not shown for another.
 */
export function useLoaded<Name extends OperationName>(
  name: Name,
  input: Input<Name>,
  everyMs: number,
): readonly [Output<Name> | undefined, () => void] {
  const [loaded, setLoaded] = useState<{ readonly for: string; readonly answer: Output<Name> }>();
  const [asked, setAsked] = useState(0);
  const written = JSON.stringify(input);
  useEffect(() => {
    let current = true;
    let isAsked = false;
    const load = (): void => {
      // A browser has six connections to a relay: questions that pile up would keep others from being asked.
      if (isAsked || (document.hidden && everyMs > 0)) return;
      isAsked = true;
      call(name, input).then(
        (answer) => {
          isAsked = false;
          if (current) setLoaded({ for: written, answer });
        },
        (error: unknown) => {
          isAsked = false;
          // The frame tells that there is no answer; it is asked again when there is one.
          if (current && !(error instanceof ApiError && error.code === "unreachable")) failed(error);
        },
      );
    };
    load();
    const timer = everyMs === 0 ? undefined : setInterval(load, everyMs);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [name, written, asked, recoveries.value]);
  return [loaded?.for === written ? loaded.answer : undefined, () => setAsked((count) => count + 1)];
}
