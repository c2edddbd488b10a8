/** Every way to log on, put together: passwords of the configuration's users and of a directory, tokens, client certificates. */
import type { ApiKey } from "../../core/authentication/api-key.ts";
import type { BearerResponse } from "../../core/authentication/bearer-response.ts";
import type { CertificateName } from "../../core/authentication/certificate-name.ts";
import type { DirectorySettings } from "../../core/authentication/directory-settings.ts";
import type { TokenIssuer } from "../../core/authentication/token-issuer.ts";
import { userKey } from "../../core/authentication/user-key.ts";
import { domainToASCII } from "node:url";
import { isDeepStrictEqual } from "node:util";
import type { Application } from "../../core/policy/application.ts";
import type { ClientRights } from "../../core/policy/client-rights.ts";
import { refuseReversePath } from "../../core/policy/sender-rights.ts";
import type { Events } from "../../events/events.ts";
import type { HttpRequest } from "../../ports/http-request.ts";
import type { Clock } from "../../ports/ports.ts";
import type { SessionServices } from "../session/services.ts";
import { createAccounts, type Account } from "./accounts.ts";
import type { ApiKeys, KeyLogon } from "./api-keys.ts";
import { userOfCertificate } from "./certificate-users.ts";
import { createDirectory } from "./directory.ts";
import { isDenied, type LogonDenied, type LogonOutcome } from "./logon.ts";
import { createTokenVerifier } from "./token-verifier.ts";

interface User extends Account, ClientRights {
  readonly certificates?: readonly CertificateName[];
}

export interface LogonSettings {
  readonly users: readonly User[];
  readonly apiKeys: readonly ApiKey[];
  readonly applications: readonly Application[];
  readonly tokenIssuers: readonly TokenIssuer[];
  readonly directory: DirectorySettings | undefined;
}

export interface Logons extends Pick<
  SessionServices,
  "authenticate" | "authenticateToken" | "authenticateCertificate" | "isAccount"
> {
  /** Whose API key it is. */
  authenticateKey(key: string): KeyLogon | LogonDenied;
  replace(settings: LogonSettings): void;
}

export function createLogons(
  initial: LogonSettings,
  around: {
    readonly clock: Clock;
    readonly events: Events;
    readonly http: HttpRequest;
    readonly apiKeys: ApiKeys;
  },
): Logons {
  let settings = initial;
  const accounts = createAccounts(settings.users);
  let directory = settings.directory && createDirectory(settings.directory, around);
  const tokens = createTokenVerifier(settings.tokenIssuers, around);
  const find = (name: string): User | undefined =>
    settings.users.find((user) => userKey(user.name) === userKey(name));

  /** The name the client gave is the token's, or an address that its user may send as. */
  const mayCallItself = (user: User | undefined, name: string, given: string | undefined): boolean => {
    if (given === undefined || userKey(given) === userKey(name)) return true;
    return user?.sendAs !== undefined && refuseReversePath(user.sendAs, given, domainToASCII) === undefined;
  };

  const authenticateToken = async ({ user: given, token }: BearerResponse): Promise<LogonOutcome> => {
    const outcome = await tokens.verify(token);
    if (isDenied(outcome)) return outcome;
    const { user: name, issuer } = outcome;
    const user = find(name);
    if (user === undefined && issuer?.acceptUnknownUsers !== true)
      return { denied: "the token is good, and its user is not among users", scope: issuer?.scope };
    if (!mayCallItself(user, name, given))
      return { denied: "the client gave another name than the token's user has", account: user?.name };
    return { user: user?.name ?? name };
  };

  return {
    authenticate: (user, password, source) =>
      directory === undefined || accounts.find(user)?.passwordHash !== undefined
        ? accounts.authenticate(user, password, source)
        : directory.authenticate(user, password, source),
    authenticateToken,
    authenticateKey: (key) => around.apiKeys.authenticate(key),
    authenticateCertificate: (certificate, identity) => userOfCertificate(settings, certificate, identity),
    isAccount: (user) => find(user) !== undefined,
    replace(next) {
      // What is remembered of a directory that stays goes on.
      if (!isDeepStrictEqual(next.directory, settings.directory))
        directory = next.directory && createDirectory(next.directory, around);
      settings = next;
      around.apiKeys.replace(next.apiKeys);
      accounts.replace(next.users);
      tokens.replace(next.tokenIssuers);
    },
  };
}
