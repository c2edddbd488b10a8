/** Where an entry leads: what its fields name, and the page that shows it. */
import { linkTo } from "../../router.ts";
import type { EventEntry } from "./event-list.ts";

export interface EventLinks {
  /** What limits counted the client under; for explainSource. */
  readonly source?: string;
  /** The refusal's, for explainReference. */
  readonly reference?: string;
  /** In words, and where to. */
  readonly pages: readonly { readonly text: string; readonly href: string }[];
}

function textOf({ fields }: EventEntry, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}

export function linksOf(entry: EventEntry): EventLinks {
  const source = textOf(entry, "source", "address");
  const reference = textOf(entry, "reference", "lastReference");
  const connector = textOf(entry, "connector");
  const queue = textOf(entry, "queue");
  const { id } = entry.fields;
  const pages: { text: string; href: string }[] = [];
  if (typeof id === "number")
    pages.push({ text: "This message", href: linkTo("/tracking", { message: id }) });
  if (source !== undefined)
    pages.push(
      { text: "Messages of this source", href: linkTo("/tracking", { clientIp: source }) },
      { text: "Events of this source", href: linkTo("/events", { source }) },
    );
  if (queue !== undefined) pages.push({ text: "Queue", href: linkTo("/queues", { queue }) });
  if (connector !== undefined)
    pages.push(
      {
        text: `Connector ${connector}`,
        href: linkTo(entry.category === "SmtpReceive" ? "/receive-connectors" : "/send-connectors", {
          name: connector,
        }),
      },
      { text: "Events of this connector", href: linkTo("/events", { connector }) },
    );
  return {
    ...(source === undefined ? {} : { source }),
    ...(reference === undefined ? {} : { reference }),
    pages,
  };
}
