/** Why a listener could not be opened, in words, with what helps. */
import type { Endpoint } from "../../core/policy/receive-connector.ts";

/** `holder`: who listens there, where it is known. */
export function listenFaultText(error: Error, { port }: Endpoint, holder: string | undefined): string {
  switch ((error as NodeJS.ErrnoException).code ?? "") {
    case "EADDRINUSE":
      return holder === undefined
        ? `${error.message}; another program listens there (ss -ltnp tells which as root)`
        : `${error.message}; ${holder} listens there`;
    case "EACCES":
      return port < 1024
        ? `${error.message}; ports below 1024 need root or the capability CAP_NET_BIND_SERVICE`
        : error.message;
    case "EADDRNOTAVAIL":
      return `${error.message}; this machine has no such address`;
    default:
      return error.message;
  }
}
