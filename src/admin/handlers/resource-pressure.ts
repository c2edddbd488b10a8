/** How short the resources are, and what that means for clients. */
import type { Administered, Handlers } from "../administered.ts";
import { shownLimit } from "./shown-values.ts";

export function resourcePressureHandlers({ relay }: Administered): Pick<Handlers, "getResourcePressure"> {
  return {
    getResourcePressure: () => {
      const { level, resources, verdict } = relay.pressure();
      return {
        enabled: relay.settings.transport.backPressureEnabled,
        level,
        refuses: verdict?.refuse ?? "nobody",
        mailTarpitMs: verdict?.mailTarpitMs ?? 0,
        resources: resources.map(({ resource, level: own, current, thresholds }) => ({
          resource,
          level: own,
          current,
          thresholds: {
            lowToMedium: shownLimit(thresholds.lowToMedium),
            mediumToHigh: shownLimit(thresholds.mediumToHigh),
            highToMedium: shownLimit(thresholds.highToMedium),
            mediumToLow: shownLimit(thresholds.mediumToLow),
          },
        })),
      };
    },
  };
}
