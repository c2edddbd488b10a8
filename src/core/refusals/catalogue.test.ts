/** What is refused, and how: codes and texts that clients act upon, and that every kind is told and classed. */
import { describe, expect, it, test } from "vitest";
import { encodeReply, maxReplyLineBytes, type Reply } from "../smtp/reply.ts";
import {
  refusalCatalogue,
  refusalClasses,
  spokenRefusals,
  type RefusalClass,
  type RefusalDefinition,
  type RefusalKind,
  type SpokenKind,
} from "./catalogue.ts";

const all = Object.entries(refusalCatalogue) as [RefusalKind, RefusalDefinition][];

/** Code, enhanced status code, whether the connection ends behind it, whether it counts against maxProtocolErrors. */
const meanings: readonly (readonly [SpokenKind, string])[] = [
  ["accountMayNotSubmit", "535 5.7.3"],
  ["accountNotOnConnector", "535 5.7.3"],
  ["addressTooLong", "501 5.1.3"],
  ["alreadyAuthenticated", "503 5.5.2 counts"],
  ["authenticationCancelled", "501 5.7.0 counts"],
  ["authenticationFailed", "535 5.7.3"],
  ["authenticationMalformed", "501 5.5.2 counts"],
  ["authenticationMechanismUnknown", "504 5.7.4 counts"],
  ["authenticationNeedsTls", "538 5.7.11 counts"],
  ["authenticationNotOffered", "502 5.3.3 counts"],
  ["authenticationTemporary", "454 4.7.0"],
  ["badSequence", "503 5.5.2 counts"],
  ["bareCarriageReturn", "550 5.6.11"],
  ["bareLinefeed", "550 5.6.11"],
  ["bareLinefeedInCommand", "500 5.5.2 counts"],
  ["binaryNeedsBdat", "503 5.5.2 counts"],
  ["chunkingNotOffered", "502 5.3.3 counts"],
  ["clientMessageRate", "421 4.4.2 closes"],
  ["clientRecipientRate", "452 4.5.3"],
  ["commandNotImplemented", "502 5.3.3 counts"],
  ["connectionLimit", "421 4.3.2 closes"],
  ["connectionLimitPerSource", "421 4.3.2 closes"],
  ["connectionPercentagePerSource", "421 4.3.2 closes"],
  ["connectionRate", "421 4.3.2 closes"],
  ["connectorDenied", "550 5.7.1"],
  ["databaseAway", "451 4.3.2"],
  ["databaseAwayAtDoor", "421 4.3.2 closes"],
  ["declaredTooLarge", "552 5.3.4"],
  ["diskFull", "452 4.3.1"],
  ["ehloDomainRequired", "501 5.5.4 closes counts"],
  ["endOfDataNeedsCrlf", "550 5.6.11 closes"],
  ["fault", "421 4.3.0 closes"],
  ["headerTooLarge", "552 5.3.4 closes"],
  ["hopCountExceeded", "554 5.4.6"],
  ["httpsRequired", "530 5.7.0 closes"],
  ["insufficientResources", "452 4.3.1"],
  ["invalidCharacters", "500 5.5.2 counts"],
  ["invalidParameterValue", "501 5.5.4 counts"],
  ["invalidRecipient", "501 5.1.3"],
  ["invalidSender", "501 5.1.7"],
  ["leftWaiting", "421 4.4.2 closes"],
  ["lineTooLong", "500 5.5.6 counts"],
  ["localError", "451 4.3.0"],
  ["messageRate", "421 4.4.2 closes"],
  ["messageTimedOut", "421 4.4.1 closes"],
  ["messageTooLarge", "552 5.3.4"],
  ["needMail", "503 5.5.2 counts"],
  ["noConnector", "421 4.3.2 closes"],
  ["noValidRecipients", "554 5.5.1 counts"],
  ["notAuthenticated", "530 5.7.57 counts"],
  ["nulInContent", "550 5.6.0"],
  ["putOffAsAsked", "451 4.7.1"],
  ["refusedAsAsked", "550 5.1.1"],
  ["requestInvalid", "501 5.5.4"],
  ["requestMalformed", "501 5.5.4"],
  ["requestNotServed", "502 5.3.3"],
  ["requestUnderWay", "451 4.5.0"],
  ["reservedSecondLevelDomain", "550 5.1.5"],
  ["reservedTopLevelDomain", "550 5.1.4"],
  ["sendAsDenied", "550 5.7.60"],
  ["sendHelloFirst", "503 5.5.2 counts"],
  ["senderAlreadySpecified", "503 5.5.2 counts"],
  ["serviceSuspended", "421 4.3.2 closes"],
  ["shuttingDown", "421 4.3.2 closes"],
  ["singleLabelDomain", "550 5.1.6"],
  ["startTlsNotOffered", "502 5.3.3 counts"],
  ["syntaxError", "501 5.5.4 counts"],
  ["timedOut", "421 4.4.1 closes"],
  ["tlsBeforeGreeting", "500 5.3.3 closes counts"],
  ["tlsNotAvailable", "454 4.7.0"],
  ["tlsRequired", "451 5.7.3 counts"],
  ["tooManyErrors", "421 4.7.0 closes"],
  ["tooManyLogonFailures", "421 4.7.0 closes"],
  ["tooManyRecipients", "452 4.5.3"],
  ["unableToRelay", "550 5.7.54"],
  ["unrecognizedCommand", "500 5.3.3 counts"],
  ["unrecognizedParameter", "555 5.5.4 counts"],
  ["utf8NotOffered", "553 5.6.7"],
  ["webClient", "500 5.3.3 closes counts"],
];

describe("what clients act upon", () => {
  it.each(meanings)("%s is %s", (kind, meaning) => {
    const { code, status, close, protocolError }: Reply = spokenRefusals[kind].reply;
    expect(
      [code, status, close === true && "closes", protocolError === true && "counts"]
        .filter(Boolean)
        .join(" "),
    ).toBe(meaning);
  });

  it("stands here for every refusal", () => {
    expect(meanings.map(([kind]) => kind)).toEqual(Object.keys(spokenRefusals).toSorted());
  });
});

describe.each(all)("%s", (_, { class: of, reply, event, cause, setting }) => {
  test("has a class, an event and words", () => {
    expect(Object.keys(refusalClasses)).toContain(of);
    expect(event).not.toBe("");
    expect(setting ?? cause).not.toBe("");
  });

  test("has a reply that refuses and fits on a line, or none", () => {
    if (reply === undefined) return;
    expect(reply.code).toBeGreaterThanOrEqual(400);
    expect(encodeReply(reply, true).length).toBeLessThan(maxReplyLineBytes / 2);
  });
});

/** Exchange answers these with 5xx, though a limit refuses: another try would not do better (docs/decisions/0029). */
const permanentLimits: readonly RefusalKind[] = [
  "declaredTooLarge",
  "messageTooLarge",
  "headerTooLarge",
  "hopCountExceeded",
];
const ours: readonly RefusalClass[] = [
  "connector",
  "connections",
  "rate",
  "resources",
  "fault",
  "service",
  "time",
];

test("what a limit or a fault of ours refuses can be tried again, but for what Exchange refuses for good", () => {
  const permanent = all.flatMap(([kind, { class: of, setting, reply }]) =>
    (ours.includes(of) || setting !== undefined) && (reply?.code ?? 0) >= 500 ? [kind] : [],
  );
  expect(permanent).toEqual(permanentLimits);
});

test("each class has a kind", () => {
  const used = new Set(all.map(([, { class: of }]) => of));
  expect([...used].toSorted()).toEqual(Object.keys(refusalClasses).toSorted());
});
