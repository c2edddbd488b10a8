/** Versions of the configuration that several nodes share. */
import type { ConfigurationHistory } from "../../config/configuration-store.ts";
import { maskedLines } from "../../config/masked-secrets.ts";
import { unifiedDiff } from "../../config/unified-diff.ts";
import type { ConfigurationVersion } from "../../ports/configuration-documents.ts";
import type { Administered, Handlers } from "../administered.ts";
import { AdminRefusal } from "../refusal.ts";
import { changeOf, changeOutput, configurationOf, settled } from "./change.ts";

type Names = "listConfigurationVersions" | "getConfigurationVersion" | "restoreConfigurationVersion";

export function configurationVersionHandlers(administered: Administered): Pick<Handlers, Names> {
  const history = (): ConfigurationHistory => {
    const { history: kept, place } = configurationOf(administered);
    if (kept !== undefined) return kept;
    throw new AdminRefusal("notFound", `${place} has no versions; the nodes of a cluster share some`);
  };

  return {
    listConfigurationVersions: async ({ limit }) => {
      const [versions, applied] = await settled(
        Promise.all([history().versions(limit), history().applied()]),
      );
      return {
        versions: versions.map(shown),
        nodes: applied.map(({ node, version, at, faults }) => ({
          node,
          version,
          at: at.toISOString(),
          faults: [...faults],
        })),
      };
    },
    getConfigurationVersion: async ({ version }) => {
      const [found, before] = await settled(
        Promise.all([history().version(version), history().version(version - 1)]),
      );
      if (found === undefined) throw new AdminRefusal("notFound", `there is no version ${version}`);
      const text = masked(found.text);
      return { ...shown(found), text, diff: unifiedDiff(masked(before?.text ?? ""), text) };
    },
    restoreConfigurationVersion: async ({ version, whatIf }) => {
      history();
      const live = configurationOf(administered);
      return changeOutput(live, changeOf(live, await settled(live.restore(version, whatIf))), { whatIf });
    },
  };
}

function shown({ version, at, by, node }: ConfigurationVersion) {
  return { version, at: at.toISOString(), who: by.name, from: by.from, node, doing: by.doing };
}

function masked(text: string): string {
  return maskedLines(text.split("\n")).join("\n");
}
