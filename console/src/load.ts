/** What a page shows, asked for when it opens and again every few seconds while it is seen. */
import { useEffect, useState } from "preact/hooks";
import type { Input, OperationName, Output } from "../../src/admin/contract.ts";
import { call } from "./api.ts";
import { failed } from "./components/toast.tsx";

/** The second value asks again at once. */
export function useLoaded<Name extends OperationName>(
  name: Name,
  input: Input<Name>,
  everyMs: number,
): readonly [Output<Name> | undefined, () => void] {
  const [loaded, setLoaded] = useState<Output<Name>>();
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    let current = true;
    const load = (): void => {
      if (document.hidden) return;
      call(name, input).then(
        (answer) => {
          if (current) setLoaded(() => answer);
        },
        (error: unknown) => {
          if (current) failed(error);
        },
      );
    };
    load();
    const timer = setInterval(load, everyMs);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [name, asked]);
  return [loaded, () => setAsked((count) => count + 1)];
}
