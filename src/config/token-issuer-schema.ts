/** Entries of `tokenIssuers`: whose tokens clients may log on with. */
import { z } from "zod";
import { tokenAlgorithms } from "../core/authentication/token-issuer.ts";
import { parseSecretUrl } from "./oauth-schema.ts";
import {
  choice,
  flag,
  line,
  listOf,
  name,
  notASection,
  optionalSetting,
  parsedText,
  requiredSetting,
  setting,
} from "./value-type.ts";

const someOf = (list: readonly unknown[]): boolean => list.length > 0;

export const tokenIssuerSchema = z.strictObject(
  {
    name: requiredSetting(name(64), "What it is called in events."),
    issuer: requiredSetting(
      line(1000).refine((text) => URL.canParse(text), { error: "is not a URL, as a token's iss is" }),
      "The tokens' `iss`, letter by letter.",
    ),
    audiences: requiredSetting(
      listOf(name(1000), { kind: "list of names" }).refine(someOf, {
        error: "is empty; a token for anybody else would log on here",
      }),
      "Whom the tokens are for: one of these has to be in `aud`.",
    ),
    algorithms: setting(
      listOf(choice(tokenAlgorithms), { kind: "list", range: tokenAlgorithms.join(", ") }).refine(someOf, {
        error: "is empty",
      }),
      ["RS256", "PS256", "ES256", "EdDSA"],
      "How tokens may be signed; by public keys only.",
    ),
    jwksUri: optionalSetting(
      parsedText({ kind: "URL" }, parseSecretUrl),
      "as the issuer's discovery document says",
      "Where its public keys are.",
    ),
    userClaims: setting(
      listOf(name(256), { kind: "list of names" }).refine(someOf, { error: "is empty" }),
      ["preferred_username", "upn", "email", "azp", "appid"],
      "The claims that may name the user; the first that is there does.",
    ),
    scope: optionalSetting(
      name(256),
      "none is asked for",
      "Has to be among the token's `scp`, `scope` or `roles`.",
    ),
    acceptUnknownUsers: setting(
      flag(),
      false,
      "True: also who is not in `users` logs on, with the rights of its application, or of anybody.",
    ),
  },
  { error: notASection },
);
