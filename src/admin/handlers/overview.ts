import type { OverviewPoint } from "../../metrics/overview.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { headlines } from "./headlines.ts";

export function overviewHandlers({
  relay,
  clock,
}: Administered): Pick<Handlers, "getOverview" | "followOverview"> {
  const shown = (point: OverviewPoint): Output<"followOverview"> => ({
    ...point,
    at: new Date(point.at + clock.wall().getTime() - clock.now()).toISOString(),
  });
  return {
    getOverview: () => ({
      points: relay.overview.points().map(shown),
      headlines: headlines(relay, clock),
    }),
    followOverview: (_, push) => relay.overview.follow((point) => push(shown(point))),
  };
}
