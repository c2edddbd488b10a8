/** A limit of a receive connector that is only looked at, and what it would have refused within the last day. */
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { Administered } from "../administered.ts";
import type { Output } from "../contract.ts";
import { shownApplication, shownLimit } from "./shown-values.ts";

type Relay = Administered["relay"];
type Shown = Output<"getLimitUsage">["connectors"][number]["limits"][number]["watched"];

const mostSources = 10;

/** `all`: what would have been refused to whom. Null: it is not only looked at. */
export function watchedLimit(
  relay: Relay,
  { name, watched, candidate = {} }: ReceiveConnectorSettings,
  limit: string,
  all: ReturnType<Relay["usage"]["wouldBeRefusals"]>,
): Shown {
  const value = Object.entries(watched?.values ?? {}).find(([key]) => key === limit)?.[1];
  if (value === undefined) return null;
  const counted = all
    .filter(({ connector }) => connector === name)
    .map(({ source, refusals }) => {
      const ofLimit = refusals.filter(({ last }) => last.limit === limit);
      return {
        source,
        lastHour: ofLimit.reduce((total, { lastHour }) => total + lastHour, 0),
        lastDay: ofLimit.reduce((total, { lastDay }) => total + lastDay, 0),
      };
    })
    .filter(({ lastDay }) => lastDay > 0)
    .sort((a, b) => b.lastDay - a.lastDay);
  return {
    value: shownLimit(value),
    reportOnly: !(limit in candidate),
    wouldRefuseLastHour: counted.reduce((total, { lastHour }) => total + lastHour, 0),
    wouldRefuseLastDay: counted.reduce((total, { lastDay }) => total + lastDay, 0),
    topSources: counted.slice(0, mostSources).map(({ source, lastDay }) => ({
      source,
      application: shownApplication(relay.settings, source),
      wouldRefuseLastDay: lastDay,
    })),
  };
}
