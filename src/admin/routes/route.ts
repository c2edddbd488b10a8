/** Where an operation of the admin API is asked for, and who may. */
export type Role = "viewer" | "operator" | "administrator";

/**
 * `{name}` in a path is taken from the input. The rest of the input travels in the query for GET and DELETE, as a
 * JSON body otherwise.
 */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  /** The least role that may. */
  readonly role: Role;
  readonly summary: string;
  /** Answers with Server-Sent Events, one item of the output each. */
  readonly stream?: true;
  /** Answers with octets of this media type: a file. */
  readonly octets?: "message/rfc822" | "text/csv" | "text/html; charset=utf-8" | "application/octet-stream";
}
