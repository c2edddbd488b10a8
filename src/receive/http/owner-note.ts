/**
 * Whose a message is, and what its sender calls it, as it stands in the tracking log: `owner=…;application=…;tag.name=…`, each
 * percent-encoded. It is asked when a client asks for its message.
 */
import type { Submitter } from "../transaction/submitter.ts";

export interface Owner {
  /** A key, an account, or where it came from without either. */
  readonly owner: string;
  /** Empty: none. */
  readonly application: string;
}

export function ownerOf(
  { authenticatedUser, connector, peer }: Submitter,
  key: string | undefined,
  application: string,
): Owner {
  const owner =
    key !== undefined
      ? `key ${key}`
      : authenticatedUser !== undefined
        ? `user ${authenticatedUser}`
        : `source ${peer.source} ${connector.name}`;
  return { owner: owner.toLowerCase(), application: application.toLowerCase() };
}

export function ownerNote(
  { owner, application }: Owner,
  labels: readonly (readonly [name: string, value: string])[],
): string {
  return [
    `owner=${encodeURIComponent(owner)}`,
    ...(application === "" ? [] : [`application=${encodeURIComponent(application)}`]),
    ...labels.map(([name, value]) => `tag.${encodeURIComponent(name)}=${encodeURIComponent(value)}`),
  ].join(";");
}

/** `context`: of the RECEIVE entry. A message is shown to its owner, and to its application. */
export function isOwn(context: string, { owner, application }: Owner): boolean {
  const parts = context.split(";").slice(1);
  return (
    parts.includes(`owner=${encodeURIComponent(owner)}`) ||
    (application !== "" && parts.includes(`application=${encodeURIComponent(application)}`))
  );
}
