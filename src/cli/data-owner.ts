import { foreignOwnerOf } from "../ports/as-owner.ts";

/**
 * Why root must not start a relay on this data directory: it is another user's, whose relay could not read afterwards
 * what root's has written. Undefined where nothing stands against it. Never rejects.
 */
export async function ownerIfForeign(
  directory: string,
  self: number | undefined = process.geteuid?.(),
): Promise<string | undefined> {
  const owner = await foreignOwnerOf(directory, self);
  if (owner === undefined) return undefined;
  return (
    `${directory} belongs to user ${owner.uid}, whose relay could not use afterwards what root's writes there; ` +
    "start it as that user: systemctl start weir where it is a service, else sudo -u '#" +
    `${owner.uid}' weir start`
  );
}
