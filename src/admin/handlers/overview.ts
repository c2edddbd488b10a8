import type { OverviewPoint } from "../../metrics/overview.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { headlines } from "../headlines/headlines.ts";

export function overviewHandlers(
  administered: Administered,
): Pick<Handlers, "getOverview" | "followOverview"> {
  const { relay, clock } = administered;
  const shown = (point: OverviewPoint): Output<"followOverview"> => ({
    ...point,
    at: new Date(point.at + clock.wall().getTime() - clock.now()).toISOString(),
  });
  return {
    getOverview: async ({ points }) => ({
      points: points ? relay.overview.points().map(shown) : [],
      headlines: await headlines(administered),
    }),
    followOverview: (_, push) => relay.overview.follow((point) => push(shown(point))),
  };
}
