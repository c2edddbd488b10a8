import { plainApplication } from "../../config/plain-settings.ts";
import { applicationKinds } from "../../config/setting-kinds.ts";
import { applicationOf, type Application } from "../../core/policy/application.ts";
import { parseAddress } from "../../core/units/ip-address.ts";
import type { Administered, Handlers } from "../administered.ts";
import { findingsByAbout, periodStart, shownKnown } from "./senders.ts";
import { namedChanges } from "./named-changes.ts";

type Names = "listApplications" | "newApplication" | "setApplication" | "removeApplication";

export function applicationHandlers(administered: Administered): Pick<Handlers, Names> {
  const { relay, clock } = administered;
  const applications = namedChanges(administered, {
    section: "applications",
    noun: "application",
    all: (settings) => settings.applications,
    plain: plainApplication,
  });

  const openConnections = (): ReadonlyMap<Application, number> => {
    const counts = new Map<Application, number>();
    for (const { address, user } of relay.connections()) {
      const parsed = parseAddress(address);
      const found =
        parsed && applicationOf(relay.settings.applications, { address: parsed, user: user ?? undefined });
      if (found !== undefined) counts.set(found, (counts.get(found) ?? 0) + 1);
    }
    return counts;
  };

  return {
    listApplications: async ({ from }) => {
      await relay.inventory.settled();
      const open = openConnections();
      const nowMs = clock.wall().getTime();
      const fromMs = periodStart(from, nowMs);
      const findings = findingsByAbout(administered);
      const parties = new Map(relay.inventory.parties().map((party) => [party.application, party]));
      return {
        applications: applications.all().map((application) => ({
          ...applications.described(application),
          kinds: applicationKinds,
          status: {
            openConnections: open.get(application) ?? 0,
            recipientsLastDay: relay.recipientsLastDay({ kind: "application", name: application.name }),
            apiKeys: relay.settings.apiKeys
              .filter((key) => key.application === application.name)
              .map(({ name }) => name),
          },
          known: shownKnown(
            parties.get(application) ?? { application, senders: [] },
            findings,
            fromMs,
            nowMs,
          ),
        })),
      };
    },
    newApplication: ({ name, settings, whatIf }) => applications.add(name, settings, whatIf),
    setApplication: ({ name, settings, whatIf }) => applications.set(name, settings, whatIf),
    removeApplication: (identity) => applications.remove(identity),
  };
}
