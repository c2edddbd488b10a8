import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { firstConfig, firstVariables } from "../../src/config/first-config.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { parseShared } from "../../src/config/shared-configuration.ts";
import { testCertificate } from "../../src/testing/test-certificate.ts";
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

test("Kubernetes' nodes find in their pods what their two configurations name, and are asked where they listen", async () => {
  const [own, common, deployment = "", job] = await Promise.all(
    ["weir.yaml", "common.yaml", "deployment.yaml", "init.yaml"].map((file) =>
      contrib(`kubernetes/nodes/${file}`),
    ),
  );
  interface Container {
    readonly args: readonly string[];
    readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
    readonly readinessProbe?: object;
    readonly securityContext: object;
    readonly volumeMounts: readonly { readonly mountPath: string }[];
  }
  const podOf = (text: string) =>
    (
      parse(text.split("\n---\n")[0] ?? "") as {
        readonly spec: {
          readonly template: {
            readonly spec: { readonly securityContext: object; readonly containers: readonly [Container] };
          };
        };
      }
    ).spec.template.spec;
  const read: string[] = [];
  const settings = (file: string, text: string) => {
    const result = parseShared(text, own ?? "", {
      file,
      hostname: "weir-nodes-7f8c9-x2k4p",
      readText(path) {
        read.push(path);
        return path.endsWith(".pem") ? certificate : "secret";
      },
    });
    if (!result.ok)
      throw new Error(result.faults.map(({ path, message }) => `${path} ${message}`).join("\n"));
    return result.settings;
  };
  const { cert: certificate } = await testCertificate("postgres.example.com");
  const { cluster, dataDirectory, admin, metrics, receiveConnectors } = settings(
    "/etc/weir/weir.yaml",
    common ?? "",
  );
  expect(cluster).toMatchObject({ node: "weir-nodes-7f8c9-x2k4p", forgetAfterMs: 3_600_000 });
  for (const pod of [podOf(deployment), podOf(job ?? "")]) {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65_532, fsGroup: 65_532 });
    expect(pod.containers[0]).toMatchObject({ securityContext: { readOnlyRootFilesystem: true } });
    const mounts = pod.containers[0].volumeMounts.map(({ mountPath }) => mountPath);
    for (const file of read) expect(mounts).toContain(dirname(file));
  }
  expect(podOf(job ?? "").containers[0].args).toEqual([
    "cluster",
    "init",
    "-Path",
    "/etc/weir-common/common.yaml",
  ]);
  const [node] = podOf(deployment).containers;
  expect(node.volumeMounts.map(({ mountPath }) => mountPath)).toContain(dataDirectory);
  const ports = Object.fromEntries(
    (node.ports ?? []).map(({ name, containerPort }) => [name, containerPort]),
  );
  expect(ports).toEqual({
    smtp: receiveConnectors[0]?.bindings[0]?.port,
    metrics: metrics.listen[0]?.port,
    cluster: admin.cluster?.port,
  });
  expect(node.readinessProbe).toMatchObject({ httpGet: { path: "/readyz", port: "metrics" } });
});

test("Containerfile and image say the same", async () => {
  const file = await contrib("container/Containerfile");
  const { config } = imageConfig(facts) as {
    readonly config: { readonly Env: readonly string[]; readonly Cmd: readonly string[] };
  };
  for (const variable of config.Env) expect(file).toContain(variable);
  expect(file).toContain(`CMD ${JSON.stringify(config.Cmd).replaceAll(",", ", ")}`);
});
