import { stat } from "node:fs/promises";

/**
 * Why root must not start a relay on this data directory: it is another user's, whose relay could not read afterwards
 * what root's has written. Undefined where nothing stands against it. Never rejects.
 */
export async function ownerIfForeign(
  directory: string,
  self: number | undefined = process.geteuid?.(),
): Promise<string | undefined> {
  if (self !== 0) return undefined;
  const owner = await stat(directory).then(
    ({ uid }) => uid,
    () => 0,
  );
  if (owner === 0) return undefined;
  return (
    `${directory} belongs to user ${owner}, whose relay could not use afterwards what root's writes there; ` +
    "start it as that user: systemctl start weir where it is a service, else sudo -u '#" +
    `${owner}' weir start`
  );
}
