/** What a page shows, asked for when it opens and again every few seconds while it is seen. */
import { useEffect, useState } from "preact/hooks";
import type { Input, OperationName, Output } from "../../src/admin/contract.ts";
import { call } from "./api.ts";
import { notLoaded } from "./components/toast.tsx";
import { recoveries } from "./connection.ts";

/**
 * The second value asks again at once. `everyMs` 0: asked once for each input. What an earlier input was answered is
 * not shown for another, but for one with the same `about`: there it stays until the next answer comes.
 */
export function useLoaded<Name extends OperationName>(
  name: Name,
  input: Input<Name>,
  everyMs: number,
  about: string = JSON.stringify(input),
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
          if (current) setLoaded({ for: about, answer });
        },
        (error: unknown) => {
          isAsked = false;
          if (current) notLoaded(error);
        },
      );
    };
    load();
    const timer = everyMs === 0 ? undefined : setInterval(load, everyMs);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [name, written, about, asked, recoveries.value]);
  return [loaded?.for === about ? loaded.answer : undefined, () => setAsked((count) => count + 1)];
}
