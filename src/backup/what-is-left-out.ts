/** What of a data directory is no part of a backup. Pure. */

/** Below the data directory, with slashes. What a running relay holds, and what is made anew. */
const leftOut: readonly RegExp[] = [
  // Copied as of one moment, by other means: only what was set aside is a file like any other.
  /^spool\/(?!damaged\/)./,
  /^admin\.sock(et-path)?$/,
  /^restore-unfinished$/,
  /^\.restoring\//,
  // Made from the files beside it.
  /^logs\/MessageTracking\/index\//,
  // An LMDB environment that may be written to: policies are fetched again, results of TLS are for their day.
  /^outgoing-tls\//,
  // Copies of other nodes' traffic records, for as long as a question takes.
  /^traffic-of-nodes\//,
  // What weir doctor writes for a moment.
  /^\.weir-doctor-\d+$/,
  // Drafts that are about to be renamed (ports/replace-file.ts).
  /(^|\/)\.[^/]+\.[0-9a-f]{12}\.new$/,
];

export function isLeftOut(path: string): boolean {
  return leftOut.some((pattern) => pattern.test(path));
}
