/**
 * The PROXY protocol's header, versions 1 and 2, with which a load balancer tells the true source of a connection.
 * Source: haproxy.org, "The PROXY protocol", 2020-03-05.
 */
import { formatAddress, parseAddress } from "../units/ip-address.ts";

export type ProxyHeader =
  /** More octets are needed. */
  | { readonly kind: "incomplete" }
  | { readonly kind: "invalid" }
  | {
      readonly kind: "header";
      /** Where the client's own octets begin. */
      readonly lengthBytes: number;
      /** Undefined: the proxy speaks for itself (a health check), or does not know. */
      readonly source: { readonly address: string; readonly port: number } | undefined;
    };

const incomplete: ProxyHeader = { kind: "incomplete" };
const invalid: ProxyHeader = { kind: "invalid" };

const signatureV1 = Buffer.from("PROXY ", "latin1");
const signatureV2 = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
/** The longest line of version 1, CRLF included. */
const maxLineBytes = 107;
const headBytesV2 = 16;
/** Addresses and extensions; nothing reasonable is longer, and it bounds what is held. */
const maxBodyBytesV2 = 4096;

/** Reads the header at the start of `octets`. Cost: bounded by the header's length. */
export function parseProxyHeader(octets: Buffer): ProxyHeader {
  if (beginsLike(octets, signatureV1))
    return octets.length < signatureV1.length ? incomplete : parseV1(octets);
  if (beginsLike(octets, signatureV2)) return octets.length < headBytesV2 ? incomplete : parseV2(octets);
  return invalid;
}

function beginsLike(octets: Buffer, signature: Buffer): boolean {
  const length = Math.min(octets.length, signature.length);
  return octets.subarray(0, length).equals(signature.subarray(0, length));
}

function parseV1(octets: Buffer): ProxyHeader {
  const end = octets.subarray(0, maxLineBytes).indexOf("\r\n");
  if (end === -1) return octets.length < maxLineBytes ? incomplete : invalid;
  const lengthBytes = end + 2;
  const [, protocol, source, destination, sourcePort, destinationPort, more] = octets
    .toString("latin1", 0, end)
    .split(" ");
  if (protocol === "UNKNOWN") return { kind: "header", lengthBytes, source: undefined };
  if ((protocol !== "TCP4" && protocol !== "TCP6") || more !== undefined) return invalid;
  const address = parseAddress(source ?? "");
  const port = parsePort(sourcePort);
  if (address === undefined || port === undefined) return invalid;
  if (parseAddress(destination ?? "") === undefined || parsePort(destinationPort) === undefined)
    return invalid;
  return { kind: "header", lengthBytes, source: { address: formatAddress(address), port } };
}

function parsePort(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65535 ? port : undefined;
}

function parseV2(octets: Buffer): ProxyHeader {
  const versionAndCommand = octets[12] ?? 0;
  const familyAndProtocol = octets[13] ?? 0;
  const bodyBytes = octets.readUInt16BE(14);
  if (versionAndCommand >> 4 !== 2 || bodyBytes > maxBodyBytesV2) return invalid;
  const lengthBytes = headBytesV2 + bodyBytes;
  if (octets.length < lengthBytes) return incomplete;
  const command = versionAndCommand & 15;
  if (command === 0) return { kind: "header", lengthBytes, source: undefined };
  if (command !== 1) return invalid;
  switch (familyAndProtocol) {
    case 0x11:
      return bodyBytes < 12 ? invalid : fromV2(octets, 4, 4, lengthBytes);
    case 0x21:
      return bodyBytes < 36 ? invalid : fromV2(octets, 6, 16, lengthBytes);
    default:
      // Unix sockets and datagrams have no source that a limit could be counted by.
      return { kind: "header", lengthBytes, source: undefined };
  }
}

function fromV2(octets: Buffer, family: 4 | 6, addressBytes: number, lengthBytes: number): ProxyHeader {
  const hex = octets.toString("hex", headBytesV2, headBytesV2 + addressBytes);
  const text = formatAddress({ family, value: BigInt(`0x${hex}`) });
  // Folds a v4-mapped address into IPv4.
  const address = parseAddress(text);
  if (address === undefined) return invalid;
  const port = octets.readUInt16BE(headBytesV2 + 2 * addressBytes);
  return { kind: "header", lengthBytes, source: { address: formatAddress(address), port } };
}
