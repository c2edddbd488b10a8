/** A parameter of an Exchange cmdlet that the command of the same name does not have. */

export type ParameterAnswer =
  /** Taken and not needed: why. */
  | { readonly ignored: string }
  /** Another parameter's name. */
  | { readonly renamed: string }
  /** Another parameter with a value. */
  | { readonly becomes: readonly [parameter: string, value: string] }
  /** Not done: what to type instead, or why not. */
  | { readonly refused: string };

export interface ParameterWord {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** PowerShell's switches stand alone. */
  readonly takes: "value" | "nothing";
  readonly answer: ParameterAnswer;
  /** Its place among the words without a name, where the command has none. */
  readonly position?: number;
}

/** Asked for with `$false` it is how things are here anyway. */
export function isSwitchedOff(value: string | undefined): boolean {
  return value !== undefined && /^(\$?false|0|no|none|off)$/i.test(value);
}
