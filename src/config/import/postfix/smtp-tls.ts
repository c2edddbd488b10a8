/** TLS towards a next hop. */
import { sendConnectorSchema } from "../../send-connector-schema.ts";
import { carry, type Carried, tell } from "../carried.ts";
import type { MainCf } from "./main-cf.ts";
import { nextHopOf } from "./next-hop.ts";
import { isYes } from "./values.ts";

const { shape } = sendConnectorSchema;

/** `given`: the next hop as Postfix has it. */
export function carryTls(carried: Carried, main: MainCf, given: string): void {
  const level =
    main.value("smtp_tls_security_level") ??
    (isYes(main.value("smtp_enforce_tls"))
      ? "encrypt"
      : isYes(main.value("smtp_use_tls"))
        ? "may"
        : undefined);
  const told = { property: "smtp_tls_security_level", given: level };
  if (isYes(main.value("smtp_tls_wrappermode")))
    tell(
      carried,
      "smtp_tls_wrappermode",
      "yes",
      "leftOut",
      "TLS from the first octet is not supported; use port 587 with STARTTLS",
    );
  switch (level) {
    case undefined:
    case "":
      tell(
        carried,
        told.property,
        level,
        "differs",
        "here TLS is used where the next hop offers it; ignoreStartTls leaves it alone",
      );
      return;
    case "none":
      carry(carried, shape, "ignoreStartTls", true, told);
      return;
    case "may":
    case "dane":
      tell(
        carried,
        told.property,
        level,
        level === "may" ? "default" : "differs",
        level === "may" ? "" : "there is no DANE here: TLS is used where it is offered",
      );
      return;
    case "encrypt":
    case "dane-only":
      carry(carried, shape, "requireTls", true, told);
      return;
    default: {
      // verify, secure, fingerprint
      const hop = nextHopOf(given);
      carry(carried, shape, "requireTls", true, told);
      if (!hop.ok || /^[\d.]+$|:/.test(hop.host)) {
        tell(
          carried,
          told.property,
          level,
          "leftOut",
          "the next hop has no name that its certificate could be checked against",
        );
        return;
      }
      carry(carried, shape, "tlsAuthLevel", "DomainValidation", told);
      carry(carried, shape, "tlsDomain", hop.host, told);
    }
  }
}
