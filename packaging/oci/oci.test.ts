import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { firstConfig, firstVariables } from "../../src/config/first-config.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { root } from "../project.ts";
import { belongsInImage, systemFiles } from "./base-files.ts";
import { dockerManifest, imageConfig, imageIndex, imageManifest } from "./image-config.ts";

const contrib = (path: string): Promise<string> => readFile(join(root, "contrib", path), "utf8");

test.each([
  ["lib/x86_64-linux-gnu/libc.so.6", true],
  ["lib/aarch64-linux-gnu/libm.so.6", true],
  ["lib64/ld-linux-x86-64.so.2", true],
  ["lib/ld-linux-aarch64.so.1", true],
  ["lib/x86_64-linux-gnu/libnss_dns.so.2", true],
  ["usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30", true],
  ["lib/x86_64-linux-gnu/libgcc_s.so.1", true],
  ["usr/share/doc/libc6/copyright", true],
  ["usr/lib/os-release", true],
  ["lib/x86_64-linux-gnu/libnsl.so.1", false],
  ["usr/lib/x86_64-linux-gnu/gconv/IBM037.so", false],
  ["usr/share/doc/libc6/changelog.Debian.gz", false],
  ["usr/share/gdb/auto-load/libstdc++.so.6.0.30-gdb.py", false],
  ["bin/sh", false],
])("%s belongs in the image: %s", (path, expected) => {
  expect(belongsInImage(path)).toBe(expected);
});

const layers = [
  { digest: "sha256:aa", diffId: "sha256:bb", size: 7, what: "Debian" },
  { digest: "sha256:cc", diffId: "sha256:dd", size: 8, what: "Weir" },
];
const facts = {
  architecture: "arm64",
  created: "2026-11-29T00:00:00Z",
  version: "1.2.3",
  layers,
  labels: {},
} as const;

test("the image is nobody's root, and says how it is stopped and checked", () => {
  expect(imageConfig(facts)).toMatchObject({
    architecture: "arm64",
    config: {
      User: "65532:65532",
      StopSignal: "SIGTERM",
      Entrypoint: ["/usr/bin/weir"],
      Healthcheck: { Test: ["CMD", "/usr/bin/weir", "healthcheck"] },
    },
    rootfs: { diff_ids: ["sha256:bb", "sha256:dd"] },
  });
  expect(systemFiles["etc/passwd"]).toContain("weir:x:65532:65532:");
});

test("each description names the one below it", () => {
  const config = { digest: "sha256:ee", size: 9 };
  expect(imageManifest(config, layers)).toMatchObject({
    config: { digest: "sha256:ee", size: 9 },
    layers: [{ digest: "sha256:aa" }, { digest: "sha256:cc" }],
  });
  expect(imageIndex({ digest: "sha256:ff", size: 1 }, "arm64", "weir:1.2.3")).toMatchObject({
    manifests: [{ digest: "sha256:ff", platform: { architecture: "arm64" } }],
  });
  expect(dockerManifest(config, layers, "weir:1.2.3")).toEqual([
    { Config: "blobs/sha256/ee", RepoTags: ["weir:1.2.3"], Layers: ["blobs/sha256/aa", "blobs/sha256/cc"] },
  ]);
});

test("compose names variables that are known, and they make a configuration", async () => {
  const { services } = parse(await contrib("container/compose.yaml")) as {
    readonly services: { readonly weir: { readonly environment: Readonly<Record<string, string>> } };
  };
  const { environment } = services.weir;
  expect(Object.keys(environment).filter((name) => !(name in firstVariables))).toEqual([]);
  const written = firstConfig({
    ...environment,
    WEIR_DATA_DIRECTORY: "/data",
    WEIR_BINDINGS: "0.0.0.0:2525",
  });
  const result = parseConfig(written, { file: "/data/weir.yaml", readText: () => "secret" });
  expect(result).toMatchObject({ ok: true, settings: { requirePersistentSpool: true } });
});

test("Kubernetes: one owner to a volume, not root, and a configuration without faults", async () => {
  const set = parse(await contrib("kubernetes/statefulset.yaml")) as {
    readonly spec: {
      readonly template: {
        readonly spec: {
          readonly securityContext: object;
          readonly containers: readonly [
            { readonly volumeMounts: readonly { readonly mountPath: string }[] },
          ];
        };
      };
      readonly volumeClaimTemplates: readonly [{ readonly spec: object }];
    };
  };
  const pod = set.spec.template.spec;
  expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65_532, fsGroup: 65_532 });
  expect(pod.containers[0]).toMatchObject({ securityContext: { readOnlyRootFilesystem: true } });
  expect(set.spec.volumeClaimTemplates[0].spec).toMatchObject({ accessModes: ["ReadWriteOncePod"] });

  const written = await contrib("kubernetes/weir.yaml");
  const result = parseConfig(written, { file: "/etc/weir/weir.yaml", readText: () => "secret" });
  expect(result).toMatchObject({ ok: true, settings: { dataDirectory: "/data" } });
  expect(pod.containers[0].volumeMounts.map(({ mountPath }) => mountPath)).toContain("/data");
});

test("Containerfile and image say the same", async () => {
  const file = await contrib("container/Containerfile");
  const { config } = imageConfig(facts) as {
    readonly config: { readonly Env: readonly string[]; readonly Cmd: readonly string[] };
  };
  for (const variable of config.Env) expect(file).toContain(variable);
  expect(file).toContain(`CMD ${JSON.stringify(config.Cmd).replaceAll(",", ", ")}`);
});
