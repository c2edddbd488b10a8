/** Settings as a replay of the traffic record takes them, and a replay that too many have asked for. */
import { QueueFull } from "../../core/what-if/queue-full.ts";
import type { Settings } from "../../config/settings.ts";
import type { ReplayedConnector, Scenario } from "../../core/what-if/scenario.ts";
import type { Administered } from "../administered.ts";
import { AdminRefusal } from "../refusal.ts";

type Question = Parameters<Administered["relay"]["replayTraffic"]>[0];

const retryAfterS = 30;

/** What the traffic record answers. Rejects with AdminRefusal where as many have asked before as may wait. */
export async function answerInTurn<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof QueueFull)) throw error;
    throw new AdminRefusal(
      "tooManyRequests",
      `${error.ahead} questions about the recorded traffic were asked before this one, and they are answered one at a time: ask again in a minute`,
      undefined,
      retryAfterS,
    );
  }
}

export function scenarioOf({ receiveConnectors, transport }: Settings): Scenario {
  return {
    connectors: receiveConnectors.map(replayed),
    maxConnectionRatePerMinute: transport.maxConnectionRatePerMinute,
  };
}

export function replayed(connector: Settings["receiveConnectors"][number]): ReplayedConnector {
  const { name, enabled, bindings, httpBindings, remoteIpRanges, limitAction, limitDelay } = connector;
  const { maxInboundConnection, maxInboundConnectionPerSource } = connector;
  const { maxInboundConnectionPercentagePerSource, messageRateLimit, messageRateSource } = connector;
  return {
    name,
    enabled,
    bindings,
    httpBindings,
    remoteIpRanges,
    limitAction,
    limitDelay,
    maxInboundConnection,
    maxInboundConnectionPerSource,
    maxInboundConnectionPercentagePerSource,
    messageRateLimit,
    messageRateSource,
  };
}

/** Users and applications whose own rates hold beside the connectors', and what is one source. */
export function replayedOwners({
  users,
  applications,
  transport: { ipv6SourcePrefixLength },
}: Settings): Pick<Question, "users" | "applications" | "ipv6SourcePrefixLength"> {
  return {
    ipv6SourcePrefixLength,
    users: users.map(({ name, messageRateLimit }) => ({ name, messageRateLimit })),
    applications: applications.map(({ name, addresses, users: accounts, messageRateLimit }) => ({
      name,
      addresses,
      users: accounts,
      messageRateLimit,
    })),
  };
}
