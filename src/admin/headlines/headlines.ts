/** The sentences that matter now: what runs short, what cannot be delivered, who is refused; else that all is well. */
import type { Readiness } from "../../metrics/readiness.ts";
import type { Administered } from "../administered.ts";
import { shownApplication } from "../handlers/shown-values.ts";
import { calmHeadline } from "./calm.ts";
import { configurationHeadlines } from "./configuration.ts";
import { databaseHeadlines } from "./database.ts";
import { deliveryHeadlines } from "./deliveries.ts";
import { dropDirectoryHeadlines } from "./drop-directories.ts";
import type { ApplicationName, Headline, Instant } from "./headline.ts";
import { learningHeadlines } from "./learning.ts";
import { legacyTlsHeadlines } from "./legacy-tls.ts";
import { listenerHeadlines } from "./listeners.ts";
import { loggingHeadlines } from "./logging.ts";
import { queueHeadlines } from "./queues.ts";
import { refusalHeadlines } from "./refusals.ts";
import { certificateHeadlines, pressureHeadlines } from "./resources.ts";
import { sendBudgetHeadlines } from "./send-budgets.ts";
import { serviceHeadlines } from "./service.ts";
import { senderHeadlines } from "./senders.ts";
import { webhookHeadlines } from "./webhooks.ts";
import {
  type SuspendedMessages,
  suspendedMessageHeadlines,
  suspendedMessages,
} from "./suspended-messages.ts";

/** What is asked of the relay before anything is said. */
interface Situation extends Pick<Administered, "relay" | "configuration"> {
  /** `Clock.now()` */
  readonly now: number;
  readonly wall: Date;
  readonly readiness: Pick<Readiness, "reasons">;
  readonly suspended: readonly SuspendedMessages[];
  /** By queue. */
  readonly oldest: ReadonlyMap<string, number>;
}

type Cause = (situation: Situation, instant: Instant, applicationOf: ApplicationName) => Headline[];

/** What there may be to say. Of the same severity the first ones concern the most mail. */
const causes: readonly Cause[] = [
  ({ readiness }) => serviceHeadlines(readiness),
  ({ configuration }) => configurationHeadlines(configuration?.rejected ?? [], configuration?.place ?? ""),
  ({ relay }) => listenerHeadlines(relay.failedListeners()),
  ({ relay }) => databaseHeadlines(relay.node?.databaseFaults ?? []),
  ({ relay }) => pressureHeadlines(relay.pressure()),
  ({ relay, oldest }, instant) => queueHeadlines(relay.queues(), oldest, instant),
  ({ relay, now }, instant) =>
    sendBudgetHeadlines(relay.sendBudgets(), now, relay.settings.transport.delayNotificationTimeout, instant),
  ({ suspended }, instant) => suspendedMessageHeadlines(suspended, instant),
  ({ relay, now }, instant, applicationOf) =>
    refusalHeadlines(relay, relay.metrics.refusals.recent(now), now, applicationOf, instant),
  ({ relay, now }, instant, applicationOf) =>
    deliveryHeadlines(relay.metrics.failures.recent(now), applicationOf, instant),
  ({ relay }) => senderHeadlines(relay.inventory.findings()),
  ({ relay, wall }) => certificateHeadlines(relay.certificates.inUse(), wall.getTime()),
  ({ relay, wall }) =>
    legacyTlsHeadlines(relay.settings.receiveConnectors, relay.legacyTlsClients(), wall.getTime()),
  ({ relay, wall }) => learningHeadlines(relay.settings.receiveConnectors, wall.getTime()),
  ({ relay }) => webhookHeadlines(relay.webhooks.states()),
  ({ relay }) => dropDirectoryHeadlines(relay.settings.sendConnectors),
  ({ relay }) => loggingHeadlines(relay.settings.diagnostics.levels),
];

const ranks = { error: 0, warning: 1, information: 2 } as const;

/** The most pressing first; never empty. Cost: per queue, per source refused lately, and a look at the disk. */
export async function headlines({ relay, configuration, clock }: Administered): Promise<Headline[]> {
  const wall = clock.wall();
  const now = clock.now();
  const situation: Situation = {
    relay,
    configuration,
    now,
    wall,
    readiness: await relay.readiness(),
    suspended: await suspendedMessages(relay),
    oldest: await oldestOfSuspended(relay),
  };
  const wallOffsetMs = wall.getTime() - now;
  const instant: Instant = (at) => new Date(at + wallOffsetMs).toISOString();
  const applicationOf: ApplicationName = (source) => shownApplication(relay.settings, source)?.name;
  const found = causes
    .flatMap((cause) => cause(situation, instant, applicationOf))
    .toSorted((one, other) => ranks[one.severity] - ranks[other.severity]);
  const isCalm = found.every(({ severity }) => severity === "information");
  return isCalm ? [calmHeadline(relay, relay.overview.points().slice(-60)), ...found] : found;
}

async function oldestOfSuspended({
  queues,
  messages,
}: Administered["relay"]): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (const { queue, status, messages: held } of queues()) {
    if (status !== "Suspended" || held === 0) continue;
    const oldest = await messages.oldestSince(queue);
    if (oldest !== undefined) found.set(queue, oldest);
  }
  return found;
}
