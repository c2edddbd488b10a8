/** Lines gathered until they are whole statements. */
import { cutStatements, type Statement } from "./cut-statements.ts";

export type Gathered =
  | {
      readonly kind: "statements";
      readonly statements: readonly Statement[];
      readonly text: string;
      readonly line: number;
    }
  | { readonly kind: "open"; readonly waitsFor: string }
  | { readonly kind: "fault"; readonly message: string; readonly line: number };

export interface LineGatherer {
  add(line: string): Gathered;
  /** What was begun is forgotten. */
  clear(): void;
  /** What a statement that was begun waits for. */
  readonly open: { readonly waitsFor: string; readonly line: number } | undefined;
}

export function createLineGatherer(): LineGatherer {
  let lines: string[] = [];
  let count = 0;
  let open: LineGatherer["open"];
  return {
    add(line) {
      count++;
      lines.push(line);
      const first = count - lines.length + 1;
      const text = lines.join("\n");
      const cut = cutStatements(text);
      if (cut.kind === "open") {
        open = { waitsFor: cut.waitsFor, line: first };
        return cut;
      }
      lines = [];
      open = undefined;
      return cut.kind === "fault" ? { ...cut, line: first } : { ...cut, text, line: first };
    },
    clear() {
      lines = [];
      open = undefined;
    },
    get open() {
      return open;
    },
  };
}
