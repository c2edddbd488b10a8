/** The table of everything that is refused, for docs/limits.md; from the catalogue of refusals. */
import {
  refusalCatalogue,
  refusalClasses,
  type RefusalClass,
  type RefusalDefinition,
  type RefusalKind,
} from "../../src/core/refusals/catalogue.ts";
import { replyLine } from "../../src/core/smtp/reply.ts";
import { catalogue } from "../../src/events/catalogue.ts";

const kinds = Object.entries(refusalCatalogue) as [RefusalKind, RefusalDefinition][];

export function refusalsTable(): string {
  const rows = (Object.keys(refusalClasses) as RefusalClass[]).flatMap((of) =>
    kinds.filter(([, { class: its }]) => its === of).map(([kind, definition]) => row(kind, definition)),
  );
  return ["| what | kind | reply | event | cause |", "|---|---|---|---|---|", ...rows].join("\n");
}

function row(kind: RefusalKind, { class: of, reply, setting, cause }: RefusalDefinition): string {
  const why = [setting === undefined ? "" : `\`${setting}\``, cause].filter((text) => text !== "").join(": ");
  const said = reply === undefined ? "—" : `\`${replyLine(reply)}\``;
  return `| ${refusalClasses[of]} | \`${kind}\` | ${said} | ${catalogue[refusalCatalogue[kind].event].id} | ${why} |`;
}
