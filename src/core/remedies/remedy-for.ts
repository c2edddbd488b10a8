/** Which remedy is for which kind of refusal. */
import type { RefusalKind } from "../refusals/catalogue.ts";
import { contentRemedy } from "./content.ts";
import {
  logonFailedRemedy,
  logonNeedsTlsRemedy,
  logonNotOfferedRemedy,
  mayNotSubmitRemedy,
  mechanismRemedy,
  notAuthenticatedRemedy,
} from "./logon.ts";
import { refusedDomainRemedy, relayRemedy } from "./relay.ts";
import { noSetting, setConnector, type Circumstances, type Met, type Remedy } from "./remedy.ts";
import { clientRateRemedy, connectorDeniedRemedy, sendAsRemedy } from "./sender.ts";
import { headerSizeRemedy, hopsRemedy, recipientsRemedy, sizeRemedy } from "./size.ts";
import {
  httpsRequiredRemedy,
  startTlsNotOfferedRemedy,
  tlsBeforeGreetingRemedy,
  tlsHandshakeRemedy,
  tlsNotAvailableRemedy,
  tlsRequiredRemedy,
} from "./tls.ts";

/** Limits whose remedy depends on what was used of them (core/policy/limit-advice.ts). */
export type AdvisedKind =
  | "noConnector"
  | "connectionLimit"
  | "connectionLimitPerSource"
  | "connectionPercentagePerSource"
  | "connectionRate"
  | "messageRate";

/** Undefined: by the settings in force it would not be refused any more. */
export function remedyFor(
  kind: Exclude<RefusalKind, AdvisedKind>,
  met: Met,
  circumstances: Circumstances,
): Remedy | undefined {
  switch (kind) {
    case "unableToRelay":
      return relayRemedy(met, circumstances);
    case "reservedTopLevelDomain":
    case "reservedSecondLevelDomain":
    case "singleLabelDomain":
      return refusedDomainRemedy(kind, met, circumstances);
    case "notAuthenticated":
      return notAuthenticatedRemedy(circumstances);
    case "authenticationFailed":
    case "tooManyLogonFailures":
      return logonFailedRemedy(met, circumstances);
    case "sendAsDenied":
      return sendAsRemedy(met, circumstances);
    case "connectorDenied":
    case "accountNotOnConnector":
      return connectorDeniedRemedy(met, circumstances);
    case "clientMessageRate":
    case "clientRecipientRate":
      return clientRateRemedy(met, circumstances);
    case "accountMayNotSubmit":
      return mayNotSubmitRemedy(circumstances);
    case "authenticationNotOffered":
      return logonNotOfferedRemedy(circumstances);
    case "authenticationNeedsTls":
      return logonNeedsTlsRemedy(circumstances);
    case "authenticationMechanismUnknown":
      return mechanismRemedy;
    case "tlsRequired":
      return tlsRequiredRemedy(circumstances);
    case "startTlsNotOffered":
      return startTlsNotOfferedRemedy(circumstances);
    case "tlsBeforeGreeting":
      return tlsBeforeGreetingRemedy(circumstances);
    case "tlsNotAvailable":
      return tlsNotAvailableRemedy;
    case "tlsVersionTooOld":
    case "tlsNoCommonCipher":
    case "tlsCertificateRefused":
    case "tlsHandshakeFailed":
    case "proxyHeaderInvalid":
      return tlsHandshakeRemedy(kind, circumstances);
    case "declaredTooLarge":
    case "messageTooLarge":
      return sizeRemedy(met, circumstances);
    case "headerTooLarge":
      return headerSizeRemedy(met, circumstances);
    case "hopCountExceeded":
      return hopsRemedy(met, circumstances);
    case "tooManyRecipients":
      return recipientsRemedy(met, circumstances);
    case "bareLinefeed":
    case "bareCarriageReturn":
    case "nulInContent":
    case "endOfDataNeedsCrlf":
    case "ehloDomainRequired":
    case "invalidSender":
    case "invalidRecipient":
    case "utf8NotOffered":
    case "chunkingNotOffered":
    case "unrecognizedParameter":
      return contentRemedy(kind, met, circumstances);
    case "refusedAsAsked":
    case "putOffAsAsked":
    case "authenticationCancelled":
    case "authenticationMalformed":
    case "addressTooLong":
    case "alreadyAuthenticated":
    case "unrecognizedCommand":
    case "webClient":
    case "lineTooLong":
    case "bareLinefeedInCommand":
    case "invalidCharacters":
    case "syntaxError":
    case "invalidParameterValue":
    case "commandNotImplemented":
    case "badSequence":
    case "sendHelloFirst":
    case "senderAlreadySpecified":
    case "needMail":
    case "noValidRecipients":
    case "binaryNeedsBdat":
    case "tooManyErrors":
      return protocolRemedy(circumstances);
    case "requestMalformed":
    case "requestInvalid":
    case "requestNotServed":
    case "requestUnderWay":
      return {
        text: "The application's request is not as docs/http-submission.md has it; the answer it was given says what is wrong. GET /openapi.json of the connector describes all of it.",
        commands: [],
      };
    case "httpsRequired":
      return httpsRequiredRemedy(circumstances);
    case "timedOut":
    case "messageTimedOut":
    case "leftWaiting":
      return timeRemedy(kind, circumstances);
    case "insufficientResources":
      return {
        text: "A resource of this machine ran short; it concerned every client.",
        commands: [{ command: "Get-ResourcePressure", effect: "which one, and its thresholds" }],
      };
    case "authenticationTemporary":
    case "diskFull":
    case "localError":
    case "fault":
      return {
        text: "It was the relay's own fault, not the client's; nothing that was acknowledged is lost.",
        commands: [{ command: "Get-EventLog -Severity Error -Last 1d", effect: "what went wrong" }],
      };
    case "databaseAway":
    case "databaseAwayAtDoor":
      return {
        text: "This node cannot reach the PostgreSQL of its cluster; nothing that was acknowledged is lost, and clients may go to another node.",
        commands: [{ command: "Get-EventLog -Severity Error -Last 1d", effect: "what the database said" }],
      };
    case "serviceSuspended":
      return {
        text: "An administrator suspended the service, or this node of several: no new mail is taken, and what waits is delivered.",
        commands: [
          { command: "Resume-Service", effect: "mail is taken again" },
          { command: "Resume-Node", effect: "the same, for one of several nodes" },
        ],
      };
    case "shuttingDown":
      return noSetting("The relay was stopped; a client that tries again is served once it runs.");
  }
}

function protocolRemedy({ connector }: Circumstances): Remedy | undefined {
  const text =
    "No setting takes that: the application has to speak SMTP correctly, or is none (a scanner, a check of the port).";
  return connector.protocolLoggingLevel === "Verbose"
    ? noSetting(`${text} The protocol log of the connector has the conversation.`)
    : {
        text,
        commands: [
          {
            command: setConnector(connector, "-ProtocolLoggingLevel Verbose"),
            effect: "the protocol log shows the conversation from the next connection on, without passwords",
          },
        ],
      };
}

/** Exchange's defaults, ConnectionInactivityTimeout of a Transport service and ConnectionTimeout. */
const usualInactivityMs = 5 * 60_000;
const usualTotalMs = 10 * 60_000;

function timeRemedy(kind: RefusalKind, { connector }: Circumstances): Remedy | undefined {
  const { connectionInactivityTimeout, connectionTimeout } = connector;
  const seconds = Math.round(connectionInactivityTimeout / 1000);
  const text = `The client was silent for connectionInactivityTimeout (${seconds} s), or connected for connectionTimeout. A pool of connections that it keeps for later does that, and no mail is lost by it; in the middle of a message it hangs itself.`;
  const short = [
    ...(connectionTimeout < usualTotalMs ? ["-ConnectionTimeout 00:10:00"] : []),
    ...(connectionInactivityTimeout < usualInactivityMs ? ["-ConnectionInactivityTimeout 00:05:00"] : []),
  ];
  if (kind !== "messageTimedOut" || short.length === 0) return noSetting(text);
  return {
    text: `${text} Here it has less time than usual:`,
    commands: [
      { command: setConnector(connector, short.join(" ")), effect: "it has the time that is the default" },
    ],
  };
}
