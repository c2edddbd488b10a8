/** What a message that waits is doing. A plain list: the console reads it too. Exchange: Get-Message, Status. */
export const messageStatuses = [
  "Ready",
  /** Being handed over, or next. */
  "Active",
  /** After a failed attempt. */
  "Retry",
  "Suspended",
  /** Suspended, or given up, when the attempt under way ends without success. */
  "PendingSuspend",
  "PendingRemove",
] as const;
