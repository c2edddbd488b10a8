/** What stands where on Debian. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { completionScripts } from "../../src/cli/completion/scripts.ts";
import type { Program } from "../program/program-tree.ts";
import { manual } from "../manual/manual.ts";
import { root } from "../project.ts";
import { below, copy, directory, joined, link, text, type Entry, type Tree } from "../tree.ts";
import { serviceConfiguration } from "./configuration.ts";

export const programPlace = { folder: "/usr/lib/weir", config: "/etc/weir/weir.yaml" } as const;
export const conffiles = ["/etc/weir/weir.yaml"] as const;
export const debianFiles = join(root, "packaging/debian/files");

const compressed = (content: string): Entry => text(gzipSync(content, { level: 9 }));

/** `seconds`: the day the manual bears. */
export function debianTree(program: Pick<Program, "tree">, seconds: number): Tree {
  return joined(
    below("usr/lib/weir", program.tree),
    new Map([
      ["usr/bin/weir", link("../lib/weir/bin/weir.js")],
      ["usr/lib/systemd/system/weir.service", copy(join(debianFiles, "weir.service"))],
      ["etc/weir", directory()],
      [
        "etc/weir/weir.yaml",
        text(
          serviceConfiguration({
            dataDirectory: "/var/lib/weir",
            bindings: ["127.0.0.1:25"],
            socketGroup: "weir",
          }),
          0o640,
        ),
      ],
      ["usr/share/bash-completion/completions/weir", text(completionScripts.bash)],
      ["usr/share/zsh/vendor-completions/_weir", text(completionScripts.zsh)],
      ["usr/share/doc/weir/copyright", copy(join(debianFiles, "copyright"))],
    ]),
    new Map(
      [...manual(seconds)].map(([name, page]) => [
        `usr/share/man/man${name.at(-1)}/${name}.gz`,
        compressed(page),
      ]),
    ),
    documentation(),
  );
}

/** The guides, for who has no network; the alert rules and the dashboard. */
function documentation(): Tree {
  const guides = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  return below(
    "usr/share/doc/weir",
    new Map([
      ...guides.map((name) => [name, copy(join(root, "docs", name))] as const),
      ["CHANGELOG.md.gz", compressed(readFileSync(join(root, "CHANGELOG.md"), "utf8"))],
      ["examples/alerts.yaml", copy(join(root, "contrib/prometheus/alerts.yaml"))],
      ["examples/grafana-dashboard.json", copy(join(root, "contrib/grafana/weir.json"))],
    ]),
  );
}
