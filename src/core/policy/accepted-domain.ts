/** Accepted domains: `contoso.com`, or `*.contoso.com` for the domain and its subdomains. */
export interface AcceptedDomain {
  /** Lower case, A-labels, without the `*.` prefix. */
  readonly domain: string;
  readonly subdomains: boolean;
}

/** `domain` is lower case, in A-labels. */
export function isAcceptedDomain(domains: readonly AcceptedDomain[], domain: string): boolean {
  return domains.some(
    (accepted) =>
      accepted.domain === domain || (accepted.subdomains && domain.endsWith(`.${accepted.domain}`)),
  );
}
