/** What an Exchange or PowerShell administrator types, and what it is here. */

export type CmdletAnswer =
  /** The command that does it, with the words it begins with. */
  | { readonly alias: readonly [command: string, ...words: readonly string[]] }
  /** Nothing is to be done; a script goes on. */
  | { readonly notNeeded: string }
  /** One sentence that names what to type, or why there is no such thing. */
  | { readonly say: string }
  /** The same, made of what was typed behind it: lines. */
  | { readonly from: (words: readonly string[]) => readonly string[]; readonly say: string };

export interface CmdletWord {
  /** With `*`; case does not matter. */
  readonly names: readonly string[];
  readonly answer: CmdletAnswer;
}
