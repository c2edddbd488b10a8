/** What Graph's `sendMail` takes. Sources: Graph docs (4 MB a request, four at once for an application and a mailbox). */

/** Graph takes requests of 4 MB; the content travels as Base64. */
export const graphLargestContentBytes = 3_145_728;
/** Of a message as it came: its header may grow by a Bcc. */
export const graphLargestMessageBytes = 3_100_000;
export const graphMostAtOnce = 4;
