/** A refusal as the body of an HTTP answer: RFC 9457, with Resend's names beside it, and SMTP's reply. */
import { replyLine } from "../smtp/reply.ts";
import { spokenRefusals, type SpokenKind } from "./catalogue.ts";
import type { HttpAnswer } from "./http-answer.ts";
import type { ToldRefusal } from "./refusal.ts";

/** What is wrong with a field of the request. */
export interface FieldFault {
  /** Empty: the whole. */
  readonly path: string;
  readonly message: string;
}

export interface RefusedRecipient {
  readonly address: string;
  readonly reply: ToldRefusal;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Resend's. */
  readonly name: string;
  readonly message: string;
  readonly statusCode: number;
  /** What the event of it is found by: `weir explain REFERENCE`. */
  readonly reference: string;
  readonly smtp: string;
  readonly limit?: {
    readonly name: string;
    readonly value: number;
    readonly current: number | null;
    readonly retryAfter: number | null;
  };
  /** What is wrong with the client's own request is no secret to it, whatever explainRefusals says. */
  readonly errors?: readonly FieldFault[];
  /** How many more there are, that were not looked at. */
  readonly recipientsUnchecked?: number;
  readonly recipients?: readonly {
    readonly address: string;
    readonly status: "refused";
    readonly smtp: string;
    readonly reference: string;
  }[];
}

export interface ProblemParts {
  /** Recipients behind those that were refused, that nobody looked at. */
  readonly unchecked?: number | undefined;
  /** Those that were refused, where it was for them. */
  readonly recipients?: readonly RefusedRecipient[];
  readonly faults?: readonly FieldFault[];
}

/** The text of faults, on one line: the first of them. */
export function faultsText(faults: readonly FieldFault[]): string {
  const texts = faults
    .slice(0, mostInText)
    .map(({ path, message }) => (path === "" ? message : `${path} ${message}`));
  const more = faults.length - texts.length;
  const count = faults.length > mostListed ? "more" : `${more} more`;
  return `${texts.join("; ")}${more > 0 ? `; and ${count}` : ""}`;
}

const mostInText = 5;
const mostListed = 20;

/** No more than 20, and where there are more, that there are. */
function listed(faults: readonly FieldFault[]): readonly FieldFault[] {
  return faults.length <= mostListed
    ? faults
    : [
        ...faults.slice(0, mostListed),
        { path: "", message: `more is wrong; the first ${mostListed} faults are listed` },
      ];
}

export function problemOf(
  reply: ToldRefusal,
  { status, name, retryAfterSeconds }: HttpAnswer,
  { recipients = [], unchecked = 0, faults = [] }: ProblemParts = {},
): Problem {
  const { told, text } = reply;
  const { limit, configured, seen } = told;
  const title = titleOf(told.kind as SpokenKind);
  // What is not explained to this client (explainRefusals) is not told it by another name.
  const isExplained = text !== title;
  return {
    type: `urn:weir:refusal:${told.kind}`,
    title,
    status,
    detail: text,
    name,
    message: faults.length === 0 ? text : faultsText(faults),
    statusCode: status,
    reference: told.reference,
    smtp: replyLine(reply),
    ...(isExplained && limit !== undefined && configured !== undefined && configured !== Infinity
      ? {
          limit: {
            name: limit,
            value: configured,
            current: seen ?? null,
            retryAfter: retryAfterSeconds ?? null,
          },
        }
      : undefined),
    ...(faults.length === 0 ? undefined : { errors: listed(faults) }),
    ...(unchecked === 0 ? undefined : { recipientsUnchecked: unchecked }),
    ...(recipients.length === 0
      ? undefined
      : {
          recipients: recipients.map(({ address, reply: own }) => ({
            address,
            status: "refused" as const,
            smtp: replyLine(own),
            reference: own.told.reference,
          })),
        }),
  };
}

function titleOf(kind: SpokenKind): string {
  return spokenRefusals[kind].reply.text;
}
