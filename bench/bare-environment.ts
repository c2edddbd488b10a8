/**
 * What a measured program is started with: all but NODE_EXTRA_CA_CERTS. Node 20 reads and decodes those authorities before
 * its first line, which with Debian's list is more than the rest of its start (33 of 55 ms of CPU). Node 24 reads them when
 * TLS asks.
 */
export function bareEnvironment(given: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, ...rest } = given;
  return rest;
}
