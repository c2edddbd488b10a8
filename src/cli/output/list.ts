/** One object, a line for each property, as `| Format-List` prints it. */
import { escapeControls } from "../../core/units/escape-controls.ts";
import { displayWidth, padEnd, wrapped } from "./display-width.ts";
import type { Output, Style } from "./output.ts";

export interface Property {
  readonly name: string;
  readonly value: string;
  /** Stands behind the value, faint: `(default)`. */
  readonly remark?: string | undefined;
  readonly style?: Style | undefined;
}

/** Values that do not fit the terminal go on under themselves. */
export function listLines(
  properties: readonly Property[],
  { width, style }: Pick<Output, "width" | "style">,
): readonly string[] {
  const nameWidth = Math.max(0, ...properties.map(({ name }) => displayWidth(name)));
  const room = width === undefined ? Infinity : Math.max(20, width - nameWidth - 3);
  return properties.flatMap(({ name, value, remark, style: chosen }) => {
    const [first = "", ...more] = wrapped(escapeControls(value), room);
    const styled = (text: string): string => (chosen === undefined ? text : style(chosen, text));
    const lines = [
      `${padEnd(name, nameWidth)} : ${styled(first)}`,
      ...more.map((text) => `${" ".repeat(nameWidth + 3)}${styled(text)}`),
    ];
    const trimmed = lines.map((line) => line.trimEnd());
    if (remark !== undefined) trimmed[trimmed.length - 1] += ` ${style("faint", `(${remark})`)}`;
    return trimmed;
  });
}
