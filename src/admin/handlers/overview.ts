import type { OverviewPoint } from "../../metrics/overview.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { headlines } from "../headlines/headlines.ts";
import { recentRefusals } from "./refusals.ts";

export function overviewHandlers(
  administered: Administered,
): Pick<Handlers, "getOverview" | "followOverview"> {
  const { relay, clock } = administered;
  const instant = (at: number): string => new Date(at + clock.wall().getTime() - clock.now()).toISOString();
  const shown = (point: OverviewPoint): Output<"followOverview"> => ({
    ...point,
    at: instant(point.at),
  });
  return {
    getOverview: async ({ points }) => ({
      points: points ? relay.overview.points().map(shown) : [],
      headlines: await headlines(administered),
      refusals: recentRefusals(relay, clock.now(), instant),
    }),
    followOverview: (_, push) => relay.overview.follow((point) => push(shown(point))),
  };
}
