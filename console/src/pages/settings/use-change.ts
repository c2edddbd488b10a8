/** A change in two steps: previewed with whatIf, then applied. */
import { useState } from "preact/hooks";
import { faultText, told } from "../../components/toast.tsx";
import type { Change } from "./preview.tsx";

export interface ChangeSteps {
  readonly preview: Change | undefined;
  readonly fault: string | undefined;
  readonly busy: boolean;
  readonly run: (whatIf: boolean) => Promise<void>;
  /** The input was changed: what was previewed no longer holds. */
  readonly forget: () => void;
}

export function useChange(
  change: (whatIf: boolean) => Promise<Change>,
  done: { readonly text: string; readonly after: () => void },
): ChangeSteps {
  const [preview, setPreview] = useState<Change>();
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  const run = async (whatIf: boolean): Promise<void> => {
    setBusy(true);
    setFault(undefined);
    try {
      const outcome = await change(whatIf);
      if (whatIf) setPreview(outcome);
      else {
        told(done.text);
        done.after();
      }
    } catch (error) {
      setFault(faultText(error));
    }
    setBusy(false);
  };
  return {
    preview,
    fault,
    busy,
    run,
    forget: () => {
      setPreview(undefined);
      setFault(undefined);
    },
  };
}
