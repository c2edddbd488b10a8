/** A labelled value with its explanation and, in words, what is wrong with it. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

export function Field({
  label,
  help,
  fault,
  badge,
  control,
}: {
  label: string;
  help?: ComponentChildren;
  fault?: string;
  badge?: ComponentChildren;
  /** Given the ids that tie it to its label and its words. */
  control: (ids: { readonly id: string; readonly "aria-describedby": string }) => ComponentChildren;
}) {
  const id = useId();
  return (
    <div class="field">
      <div class="field-head">
        <label for={id}>{label}</label>
        {badge}
      </div>
      {control({ id, "aria-describedby": `${id}-help` })}
      <div id={`${id}-help`}>
        {help !== undefined && <p class="muted">{help}</p>}
        {fault !== undefined && <p class="fault">{fault}</p>}
      </div>
    </div>
  );
}
