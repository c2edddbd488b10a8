/** Settings as a replay of the traffic record takes them. */
import type { Settings } from "../../config/settings.ts";
import type { ReplayedConnector, Scenario } from "../../core/what-if/scenario.ts";
import type { Administered } from "../administered.ts";

type Question = Parameters<Administered["relay"]["replayTraffic"]>[0];

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

/** Users and applications whose own rates hold beside the connectors'. */
export function replayedOwners({ users, applications }: Settings): Pick<Question, "users" | "applications"> {
  return {
    users: users.map(({ name, messageRateLimit }) => ({ name, messageRateLimit })),
    applications: applications.map(({ name, addresses, users: accounts, messageRateLimit }) => ({
      name,
      addresses,
      users: accounts,
      messageRateLimit,
    })),
  };
}
