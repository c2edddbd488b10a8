/** What a release changes in the texts of the repository. Pure. */

const unreleased = "## Unreleased\n";

/** `1.2.3`, or a pre-release `1.2.3-rc.1`. */
const versionForm = /^(\d+)\.(\d+)\.(\d+)(?:-[\w.]+)?$/;

export interface ReleasePlan {
  readonly version: string;
  readonly tag: string;
  readonly changelog: string;
  /** What stands under its heading: the release's notes. */
  readonly notes: string;
}

/** `date`: `2026-11-29`. Throws with the reason why there can be no such release. */
export function planRelease(changelog: string, before: string, version: string, date: string): ReleasePlan {
  if (!versionForm.test(version)) throw new Error(`${version} is no version; write it like 1.2.3`);
  if (compare(version, before) <= 0 && isReleased(changelog, before))
    throw new Error(`${version} is not above ${before}`);
  if (isReleased(changelog, version)) throw new Error(`CHANGELOG.md has a release ${version} already`);
  const at = changelog.indexOf(unreleased);
  if (at < 0) throw new Error("CHANGELOG.md has no “## Unreleased”");
  const behind = changelog.slice(at + unreleased.length);
  const end = behind.search(/^## /m);
  const notes = (end < 0 ? behind : behind.slice(0, end)).trim();
  if (notes === "") throw new Error("CHANGELOG.md says nothing under “## Unreleased”");
  const head = changelog.slice(0, at + unreleased.length);
  return { version, tag: `v${version}`, changelog: `${head}\n## ${version} (${date})\n${behind}`, notes };
}

function isReleased(changelog: string, version: string): boolean {
  return changelog.includes(`\n## ${version} (`);
}

/** By the three numbers; a pre-release counts as its release. */
function compare(a: string, b: string): number {
  const [first, second] = [a, b].map((text) => (versionForm.exec(text) ?? []).slice(1, 4).map(Number)) as [
    number[],
    number[],
  ];
  for (const [index, number] of first.entries()) {
    const difference = number - (second[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
