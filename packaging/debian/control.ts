/** DEBIAN/control and what stands beside it. */
import type { Architecture } from "../target.ts";

export interface ControlFacts {
  readonly version: string;
  readonly architecture: Architecture;
  /** What it takes on disk, KiB. */
  readonly installedKib: number;
  readonly summary: string;
}

/** glibc and libstdc++ as Node's own builds need them. */
const depends = [
  "libc6 (>= 2.28)",
  "libgcc-s1 (>= 4.2)",
  "libstdc++6 (>= 9)",
  "adduser",
  "init-system-helpers (>= 1.54~)",
];

export function control({ version, architecture, installedKib, summary }: ControlFacts): string {
  return `Package: weir
Version: ${version}
Architecture: ${architecture}
Maintainer: The Weir project <weir@weir.invalid>
Installed-Size: ${installedKib}
Depends: ${depends.join(", ")}
Suggests: bash-completion, swaks
Section: mail
Priority: optional
Description: ${summary}
 Weir takes mail from line-of-business software (database mail, helpdesk
 systems, printers, scripts), keeps it durably, and carries it on to a smart
 host, to mail exchangers or by Microsoft Graph. It enforces the limits of
 Exchange's Receive connectors under the same names, and tells which limit it
 was, whom it hit, and what value would have been enough.
 .
 The package brings its own Node and depends on no other.
`;
}

/** Of package.json to Debian's: a pre-release is older than its release. */
export function debianVersion(version: string): string {
  return version.replace("-", "~");
}
