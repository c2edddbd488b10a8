/** TLS that is wanted and not begun, or begun and not come about. */
import { commandWord } from "../units/command-word.ts";
import { formatEndpoint } from "../units/endpoint.ts";
import type { SilentKind } from "../refusals/catalogue.ts";
import { noSetting, ownConnector, setConnector, type Circumstances, type Remedy } from "./remedy.ts";

export function tlsRequiredRemedy({ connector }: Circumstances): Remedy | undefined {
  if (!connector.requireTls) return undefined;
  return {
    text: "The application sends without TLS. Switch STARTTLS on in the application (“TLS”, “use encryption”), or let its mail in without:",
    commands: [
      { command: setConnector(connector, "-RequireTls false"), effect: "mail may be read on the network" },
    ],
  };
}

export function httpsRequiredRemedy({ connector }: Circumstances): Remedy | undefined {
  if (connector.allowPlainHttp) return undefined;
  return {
    text: "The application posts its mail without TLS, with keys and passwords in clear text. Give it an address with https://, or let it:",
    commands: [
      {
        command: setConnector(connector, "-AllowPlainHttp true"),
        effect: "keys, passwords and mail may be read on the network",
      },
    ],
  };
}

export function startTlsNotOfferedRemedy({ connector }: Circumstances): Remedy | undefined {
  const { authMechanism } = connector;
  if (authMechanism.includes("Tls")) return undefined;
  const mechanisms = ["Tls", ...authMechanism.filter((one) => one !== "None")].join(",");
  return {
    text: `The application wants TLS, and ${connector.name} does not offer it. Switch it off in the application, or:`,
    commands: [
      { command: setConnector(connector, `-AuthMechanism ${mechanisms}`), effect: "STARTTLS is offered" },
    ],
  };
}

export function tlsBeforeGreetingRemedy(circumstances: Circumstances): Remedy {
  const { connector } = circumstances;
  const what =
    "The application begins TLS at once (“SSL”, “SMTPS”, “implicit TLS”), and TLS begins by STARTTLS here.";
  const offered = startTlsNotOfferedRemedy(circumstances)?.commands;
  if (offered !== undefined)
    return { text: `${what} Choose “STARTTLS” in the application, and offer it:`, commands: offered };
  const bindings = connector.bindings.map(formatEndpoint);
  const others = bindings.filter((one) => !one.endsWith(":25"));
  const implicit = others.length > 0 ? others : ["0.0.0.0:465"];
  const more = others.length > 0 ? "" : `-Bindings ${commandWord([...bindings, ...implicit].join(","))} `;
  return {
    text: `${what} Choose “STARTTLS” or “TLS if available” in the application, or let it begin so, for all clients of that address and port:`,
    commands: [
      {
        command: setConnector(connector, `${more}-ImplicitTlsBindings ${commandWord(implicit.join(","))}`),
        effect: `TLS begins at once on ${implicit.join(", ")}; who comes there in the clear gets no answer`,
      },
    ],
  };
}

export const tlsNotAvailableRemedy: Remedy = {
  text: "The connector's certificate cannot be used; event 20017 says why.",
  commands: [
    { command: "Get-EventLog -EventId 20017 -List", effect: "which file, and what is wrong with it" },
  ],
};

export function tlsHandshakeRemedy(kind: SilentKind, circumstances: Circumstances): Remedy | undefined {
  const { connector } = circumstances;
  if (!connector.authMechanism.includes("Tls")) return undefined;
  switch (kind) {
    case "tlsVersionTooOld":
      return connector.tlsMinVersion === "TLSv1"
        ? withoutTls("The application speaks no TLS at all, but SSL 3.0 or older.", circumstances)
        : withOldTls(circumstances);
    case "tlsNoCommonCipher":
      return withoutTls(
        connector.tlsCertificateFile.length === 0
          ? "Application and relay have no cipher in common; tlsCipherString may add one."
          : "Application and relay have no cipher in common; tlsCipherString may add one. A certificate with an RSA key may help an application that knows no ECDSA, and the other way round.",
        circumstances,
      );
    case "tlsCertificateRefused":
      return {
        text:
          connector.tlsCertificateFile.length === 0
            ? "The application does not trust the relay's self-signed certificate. Let it trust tls/self-signed.pem in the data directory, or give the connector a certificate that it trusts, for the name it connects to:"
            : "The application does not trust the certificate, or it is for another name than the one it connects to, or it has run out:",
        commands: [
          {
            command: setConnector(connector, "-TlsCertificateFile FILE -TlsKeyFile FILE"),
            effect: "a certificate with its chain, in PEM, for the name the application connects to",
          },
        ],
      };
    case "tlsHandshakeFailed":
    case "proxyHeaderInvalid":
      return noSetting(
        "No setting of the relay is known to help. A test from that machine (openssl s_client -starttls smtp -connect RELAY:25) shows where it ends.",
      );
  }
}

/** Old versions are let in for that client alone. */
function withOldTls(circumstances: Circumstances): Remedy {
  const { connector, address } = circumstances;
  const list = (words: readonly string[]): string => commandWord(words.join(","));
  const given = [
    `-Bindings ${list(connector.bindings.map(formatEndpoint))} -RemoteIPRanges ${address}`,
    `-AuthMechanism ${list(connector.authMechanism)} -PermissionGroups ${list(connector.permissionGroups)}`,
    ...(connector.anonymousRelay ? ["-AnonymousRelay true"] : []),
    ...(connector.requireTls ? ["-RequireTls true"] : []),
    "-TlsMinVersion TLSv1",
  ];
  return {
    text: `The application speaks no TLS as new as ${connector.name} wants (tlsMinVersion ${connector.tlsMinVersion}). Update it; or give it a connector that lets old versions in, which others can read and change on the way (RFC 8996):`,
    commands: [
      {
        command: ownConnector(circumstances, "with old TLS", given.join(" ")),
        effect: `${address} may speak TLS 1.0 and 1.1; other clients may not`,
      },
    ],
  };
}

function withoutTls(what: string, circumstances: Circumstances): Remedy {
  const { connector, address } = circumstances;
  if (connector.requireTls || connector.authMechanism.includes("BasicAuth"))
    return noSetting(`${what} The application has to learn it: ${connector.name} is not for clear text.`);
  const bindings = commandWord(connector.bindings.map(formatEndpoint).join(","));
  const relay = connector.anonymousRelay ? " -AnonymousRelay true" : "";
  return {
    text: `${what} Update the application, switch TLS off in it, or give it a connector that offers none, where it may send in clear text:`,
    commands: [
      {
        command: ownConnector(
          circumstances,
          "without TLS",
          `-Bindings ${bindings} -RemoteIPRanges ${address} -AuthMechanism None -PermissionGroups AnonymousUsers${relay}`,
        ),
        effect: `${address} is not offered TLS any more; its mail may be read on the network`,
      },
    ],
  };
}
