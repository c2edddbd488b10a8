/** Where a sentence leads to, and what is found there. */
import type { Headline } from "../../relay-watch.ts";
import { linkTo } from "../../router.ts";

export interface HeadlinePlace {
  readonly text: string;
  readonly href: string;
}

export function placeOf({
  subject,
  queue,
  source,
  connector,
  application,
}: Headline): HeadlinePlace | undefined {
  switch (subject) {
    case "queue":
      return { text: "Queue", href: linkTo("/queues", { queue }) };
    case "suspendedMessages":
      return {
        text: "Messages",
        href: linkTo("/queues", { queue: queue ?? "*", opath: "Status -eq 'Suspended'" }),
      };
    case "source":
      return {
        text: "Events",
        href: linkTo("/events", source === undefined ? { severity: "Warning" } : { source }),
      };
    case "sender":
      return {
        text: "Application",
        href: linkTo("/applications", application === undefined ? {} : { name: application }),
      };
    case "delivery":
      return { text: "Messages", href: linkTo("/tracking", { clientIp: source, eventId: "FAIL" }) };
    case "sendConnector":
      return { text: "Send connector", href: linkTo("/send-connectors", { name: connector }) };
    case "listener":
    case "learning":
      return { text: "Receive connector", href: linkTo("/receive-connectors", { name: connector }) };
    case "database":
      return { text: "Nodes", href: linkTo("/nodes") };
    case "webhook":
      return { text: "Webhooks", href: linkTo("/webhooks") };
    case "logging":
      return { text: "Diagnostic logging", href: linkTo("/logging") };
    case "configuration":
      return { text: "Events", href: linkTo("/events", { category: "Configuration" }) };
    case "legacyTls":
      return { text: "Receive connectors", href: linkTo("/receive-connectors") };
    case "certificate":
    case "resources":
    case "service":
      return { text: "About", href: linkTo("/about") };
    case "relay":
      return undefined;
  }
}
