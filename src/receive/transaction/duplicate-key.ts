/** What makes two messages of SMTP the same one, handed in twice. */
import { createHash } from "node:crypto";
import { userKey } from "../../core/authentication/user-key.ts";
import type { Recipient } from "../../core/message/envelope.ts";
import type { AnswerKey } from "../../spool/spool-answers.ts";

/** Whose mail it is: its user's, else its application's, else its address's. */
export interface DuplicateOwner {
  readonly connector: string;
  readonly user: string | undefined;
  /** Empty: of none. */
  readonly application: string | undefined;
  /** What limits count its address under. */
  readonly source: string;
}

export interface DuplicateFacts {
  /** As the header has it. */
  readonly messageId: string;
  readonly reversePath: string;
  readonly recipients: readonly Recipient[];
  readonly ret: string | undefined;
  readonly envid: string | undefined;
  /** REQUIRETLS: who asks for it now did not get it with the first. */
  readonly requireTls: boolean;
  /** Of the content as the client sent it, unstuffed. */
  readonly contentSha256: Buffer;
}

/**
 * Recipients are a set. BODY, SIZE and SMTPUTF8 say how the content is carried, not what is asked: a client that comes
 * back may have found another way.
 */
export function duplicateKey(owner: DuplicateOwner, facts: DuplicateFacts): AnswerKey {
  const { messageId, reversePath, recipients, ret, envid, requireTls, contentSha256 } = facts;
  const set = new Set(
    recipients.map(({ forwardPath, notify, orcpt }) =>
      JSON.stringify([forwardPath, notify ?? null, orcpt ?? null]),
    ),
  );
  const envelope = JSON.stringify([
    messageId,
    reversePath,
    [...set].toSorted(),
    ret ?? null,
    envid ?? null,
    ...(requireTls ? ["REQUIRETLS"] : []),
  ]);
  return {
    scope: JSON.stringify(["SMTP", owner.connector, ...ownerOf(owner)]),
    key: createHash("sha256").update(contentSha256).update(envelope).digest("base64"),
  };
}

function ownerOf({ user, application, source }: DuplicateOwner): readonly [string, string] {
  if (user !== undefined) return ["user", userKey(user)];
  if (application !== undefined && application !== "") return ["application", application];
  return ["source", source];
}
