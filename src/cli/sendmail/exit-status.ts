/** Exit codes of sysexits.h, which callers of sendmail know. */

export const exitStatus = {
  ok: 0,
  usage: 64,
  dataError: 65,
  noUser: 67,
  unavailable: 69,
  software: 70,
  cannotCreate: 73,
  temporaryFailure: 75,
  noPermission: 77,
  configuration: 78,
} as const;
export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

export type SubmissionStep = "greeting" | "hello" | "mail" | "recipient" | "content";

/** What a refusal at a step is called; `text` begins with the enhanced status code where there is one. */
export function statusOfReply(step: SubmissionStep, code: number, text: string): ExitStatus {
  // The same recipients are too many next time, too.
  if (step === "recipient" && text.startsWith("4.5.3")) return exitStatus.unavailable;
  if (code < 500) return exitStatus.temporaryFailure;
  if (text.startsWith("5.7.") || code === 530 || code === 535) return exitStatus.noPermission;
  if (step === "recipient" && (text.startsWith("5.1.") || (code === 550 && !text.startsWith("5."))))
    return exitStatus.noUser;
  if (step === "content" || /^5\.[36]\./.test(text) || code === 552) return exitStatus.dataError;
  return exitStatus.unavailable;
}
