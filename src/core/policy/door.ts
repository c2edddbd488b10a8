/** The doors that mail comes in by, named as the message tracking log names them (Exchange: PICKUP is Replay's too). */
export const doors = ["SMTP", "HTTP", "PICKUP"] as const;
export type Door = (typeof doors)[number];
