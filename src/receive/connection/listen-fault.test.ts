import { expect, test } from "vitest";
import { listenFaultText } from "./listen-fault.ts";

test.each([
  ["EADDRINUSE", 25, "master, process 7", /^listen EADDRINUSE; master, process 7 listens there$/],
  ["EADDRINUSE", 25, undefined, /another program listens there/],
  ["EACCES", 25, undefined, /CAP_NET_BIND_SERVICE/],
  ["EACCES", 2525, undefined, /^listen EACCES$/],
  ["EADDRNOTAVAIL", 25, undefined, /this machine has no such address/],
  ["EMFILE", 25, undefined, /^listen EMFILE$/],
])("%s on port %i", (code, port, holder, text) => {
  const error = Object.assign(new Error(`listen ${code}`), { code });
  expect(listenFaultText(error, { address: "127.0.0.1", port }, holder)).toMatch(text);
});
