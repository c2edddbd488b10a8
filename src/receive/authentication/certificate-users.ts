/** Who logs on by client certificate (AUTH EXTERNAL). */
import {
  isNamed,
  type CertificateName,
  type ClientCertificate,
} from "../../core/authentication/certificate-name.ts";
import { userKey } from "../../core/authentication/user-key.ts";
import type { LogonOutcome } from "./logon.ts";

interface Named {
  readonly name: string;
  readonly certificates?: readonly CertificateName[];
}

interface Owners {
  readonly users: readonly Named[];
  readonly applications: readonly (Named & { readonly users: readonly string[] })[];
}

/**
 * `identity`: whom the client wants to act for, empty for whoever the certificate is of. A fingerprint goes before a
 * subject, a user before an application, whose log-on has the name of its first user.
 */
export function userOfCertificate(
  { users, applications }: Owners,
  certificate: ClientCertificate,
  identity: string,
): LogonOutcome {
  const owners = [
    ...users.map(({ name, certificates = [] }) => ({ user: name, certificates })),
    ...applications.map(({ name, users: [first = name], certificates = [] }) => ({
      user: first,
      certificates,
    })),
  ];
  const named = (kind: CertificateName["kind"]) =>
    owners.find(({ certificates }) =>
      certificates.some((one) => one.kind === kind && isNamed(one, certificate)),
    );
  const user = (named("fingerprint") ?? named("subject"))?.user;
  if (user === undefined)
    return { denied: `no user or application has the certificate sha256:${certificate.sha256}` };
  if (identity !== "" && userKey(identity) !== userKey(user))
    return { denied: "it wants to act for another user than its certificate's", account: user };
  return { user };
}
