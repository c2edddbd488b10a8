/** A message with signatures of ours in front, as it is sent, without a relay around it. */
import { sign } from "node:crypto";
import type { Canonicalization } from "../../src/core/dkim/canonical-body.ts";
import { fieldTexts } from "../../src/core/dkim/header-fields.ts";
import { bodyHash, type SigningIdentity, signMessage } from "../../src/dkim/sign.ts";
import type { RsaSignatures } from "../../src/dkim/signing-threads.ts";

/** In this thread: what is judged are the octets. */
const rsaHere: Pick<RsaSignatures, "sign"> = {
  sign: (text, key, signed) => signed(sign("sha256", Buffer.from(text, "latin1"), key).toString("base64")),
};

export type Forms = readonly [header: Canonicalization, body: Canonicalization];
export const allForms: readonly Forms[] = [
  ["relaxed", "relaxed"],
  ["relaxed", "simple"],
  ["simple", "relaxed"],
  ["simple", "simple"],
];

/** `pieceOctets`: the body is hashed in pieces so long. What comes out ends in CRLF, as DATA hands it over. */
export async function signedMessage(
  header: Buffer,
  body: Buffer,
  [headerForm, bodyForm]: Forms,
  identities: readonly SigningIdentity[],
  pieceOctets: number,
): Promise<Buffer> {
  const hash = bodyHash(bodyForm);
  for (let at = 0; at < body.length; at += pieceOctets) hash.feed(body.subarray(at, at + pieceOctets));
  const hashed = hash.digest();
  const options = { headerForm, bodyForm, oversign: "default", lifetimeSeconds: 864_000 } as const;
  const now = new Date();
  const request = { header: fieldTexts(header.toString("latin1")), hashedBody: hashed, options, now };
  const fields = await Promise.all(
    identities.map(
      (identity) =>
        new Promise<string>((resolve, reject) => signMessage(request, identity, rsaHere, resolve, reject)),
    ),
  );
  const isEnded = body.length === 0 || body.subarray(-2).equals(Buffer.from("\r\n"));
  return Buffer.concat([
    Buffer.from(fields.join(""), "latin1"),
    header,
    Buffer.from("\r\n"),
    body,
    Buffer.from(isEnded ? "" : "\r\n"),
  ]);
}
