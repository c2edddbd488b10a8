/** For what a package is made. */
export interface Target {
  readonly platform: "linux" | "win32";
  readonly cpu: "x64" | "arm64";
}

/** Debian's and the container world's names. */
export const architectures = { x64: "amd64", arm64: "arm64" } as const;
export type Architecture = (typeof architectures)[Target["cpu"]];

/** Of `amd64`, `x64`, `arm64` or `aarch64`. */
export function cpuOf(word: string): Target["cpu"] | undefined {
  if (["amd64", "x64", "x86_64"].includes(word)) return "x64";
  return ["arm64", "aarch64"].includes(word) ? "arm64" : undefined;
}
