import { expect, test } from "vitest";
import { planRelease } from "./release-plan.ts";
import { bundled, sbomOf } from "./sbom.ts";

const changelog = "# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.1.0 (2026-01-01)\n\n- First.\n";

test("what is unreleased becomes the release", () => {
  expect(planRelease(changelog, "0.1.0", "0.2.0", "2026-02-03")).toEqual({
    version: "0.2.0",
    tag: "v0.2.0",
    notes: "- New.",
    changelog:
      "# Changelog\n\n## Unreleased\n\n## 0.2.0 (2026-02-03)\n\n- New.\n\n## 0.1.0 (2026-01-01)\n\n- First.\n",
  });
});

test("the first release may have the version that package.json begins with", () => {
  expect(planRelease("## Unreleased\n\n- x\n", "0.1.0", "0.1.0", "2026-02-03").tag).toBe("v0.1.0");
});

test.each([
  ["0.1.0", changelog, "0.1.0 is not above 0.1.0"],
  ["0.0.9", changelog, "0.0.9 is not above 0.1.0"],
  ["two", changelog, "two is no version"],
  ["0.2.0", "# Changelog\n", "no “## Unreleased”"],
  ["0.2.0", "## Unreleased\n\n\n## 0.1.0 (x)\n", "says nothing"],
])("no release %s", (version, text, reason) => {
  expect(() => planRelease(text, "0.1.0", version, "2026-02-03")).toThrow(reason);
});

test("the SBOM names what is bundled or installed, and Node", () => {
  const component = (name: string) => ({ "bom-ref": `${name}@1.0.0`, name, version: "1.0.0" });
  const all = {
    serialNumber: "urn:uuid:1",
    metadata: { timestamp: "now" },
    components: [component("hono"), component("vitest"), component("@lmdb/x")],
    dependencies: [
      { ref: "hono@1.0.0", dependsOn: ["vitest@1.0.0", "@lmdb/x@1.0.0"] },
      { ref: "vitest@1.0.0" },
    ],
  };
  const sbom = sbomOf(all, new Set([...bundled("hono 1.0.0 (MIT)\n\ntext 2.0 years\n"), "@lmdb/x@1.0.0"]), {
    node: "24.1.0",
    date: "then",
  });
  expect(sbom.components.map(({ name }) => name)).toEqual(["hono", "@lmdb/x", "node"]);
  expect(sbom.dependencies).toEqual([{ ref: "hono@1.0.0", dependsOn: ["@lmdb/x@1.0.0"] }]);
  expect(sbom).not.toHaveProperty("serialNumber");
  expect(sbom.metadata.timestamp).toBe("then");
  expect(() => sbomOf(all, new Set(["nowhere@1.0.0"]), { node: "1", date: "then" })).toThrow("nowhere@1.0.0");
});
