/** What answers a client: what was asked is granted, or refused. */
import type { Refused } from "../../core/refusals/refusal.ts";
import type { GrantingReply } from "../../core/smtp/reply.ts";

export type Verdict = GrantingReply | Refused;
