/** Which of both families of addresses next hops are reached by, and which of them comes first. Weir's own; Postfix: smtp_address_preference. */

export const ipPreferences = ["Automatic", "IPv4First", "IPv6First", "IPv4Only", "IPv6Only"] as const;
/** `Automatic`: IPv6 first where this machine has a public IPv6 address. */
export type IpPreference = (typeof ipPreferences)[number];

export type Family = 4 | 6;

export interface FamilyRule {
  /** Of a host that has both. */
  readonly first: Family;
  /** No other is to be had, or wanted. */
  readonly only: Family | undefined;
}

export const familyOfAddress = (address: string): Family => (address.includes(":") ? 6 : 4);

/** `automatic`: what comes first on this machine. An address that connections come from has one family. */
export function familyRule(
  {
    ipPreference,
    sourceIpAddress,
  }: { readonly ipPreference: IpPreference; readonly sourceIpAddress: string | undefined },
  automatic: Family,
): FamilyRule {
  const source = sourceIpAddress === undefined ? undefined : familyOfAddress(sourceIpAddress);
  switch (ipPreference) {
    case "Automatic":
      return { first: automatic, only: source };
    case "IPv4First":
      return { first: 4, only: source };
    case "IPv6First":
      return { first: 6, only: source };
    case "IPv4Only":
      return { first: 4, only: 4 };
    case "IPv6Only":
      return { first: 6, only: 6 };
  }
}

/** Those that may be used, each family in the order given. */
export function addressesByFamily(addresses: readonly string[], { first, only }: FamilyRule): string[] {
  const of = (family: Family): string[] => addresses.filter((address) => familyOfAddress(address) === family);
  if (only !== undefined) return of(only);
  return [...of(first), ...of(first === 4 ? 6 : 4)];
}
