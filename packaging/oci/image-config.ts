/** The image's configuration (OCI image specification 1.1), with the health check that Docker reads beside it. */
import type { Architecture } from "../target.ts";
import { imageUser } from "./base-files.ts";

export interface Layer {
  /** sha256 of the compressed layer, and of what it unpacks to. */
  readonly digest: string;
  readonly diffId: string;
  readonly size: number;
  readonly what: string;
}

export interface ImageFacts {
  readonly architecture: Architecture;
  readonly created: string;
  readonly version: string;
  readonly layers: readonly Layer[];
  readonly labels: Readonly<Record<string, string>>;
}

const second = 1_000_000_000;
/** What is compiled holds under these flags only. */
export const nodeFlags = "--max-semi-space-size=32";

export function imageConfig({ architecture, created, version, layers, labels }: ImageFacts): object {
  return {
    architecture,
    os: "linux",
    created,
    config: {
      User: `${imageUser}:${imageUser}`,
      ExposedPorts: { "2525/tcp": {}, "8025/tcp": {}, "9464/tcp": {} },
      Env: [
        "PATH=/usr/bin",
        `NODE_OPTIONS=${nodeFlags}`,
        // What the first start writes, and into which file.
        "WEIR_CONFIG=/data/weir.yaml",
        "WEIR_DATA_DIRECTORY=/data",
        "WEIR_BINDINGS=0.0.0.0:2525",
      ],
      Entrypoint: ["/usr/bin/weir"],
      Cmd: ["start", "--log-format", "json", "--create-config"],
      WorkingDir: "/data",
      StopSignal: "SIGTERM",
      // No Volumes: an anonymous one would hide that none is mounted, and goes with the container.
      Healthcheck: {
        Test: ["CMD", "/usr/bin/weir", "healthcheck"],
        Interval: 30 * second,
        Timeout: 10 * second,
        StartPeriod: 15 * second,
        Retries: 3,
      },
      Labels: {
        "org.opencontainers.image.title": "weir",
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": "MIT",
        ...labels,
      },
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ what }) => ({ created, created_by: what })),
  };
}

export const mediaTypes = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

export interface Described {
  readonly digest: string;
  readonly size: number;
}

export function imageManifest(config: Described, layers: readonly Layer[]): object {
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, ...config },
    layers: layers.map(({ digest, size }) => ({ mediaType: mediaTypes.layer, digest, size })),
  };
}

export function imageIndex(manifest: Described, architecture: Architecture, name: string): object {
  return {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      {
        mediaType: mediaTypes.manifest,
        ...manifest,
        platform: { architecture, os: "linux" },
        annotations: {
          "org.opencontainers.image.ref.name": name.split(":")[1] ?? name,
          "io.containerd.image.name": name,
        },
      },
    ],
  };
}

/** What `docker load` reads of archives that know no index. */
export function dockerManifest(config: Described, layers: readonly Layer[], name: string): object {
  const blob = (digest: string): string => `blobs/sha256/${digest.replace("sha256:", "")}`;
  return [
    { Config: blob(config.digest), RepoTags: [name], Layers: layers.map(({ digest }) => blob(digest)) },
  ];
}
