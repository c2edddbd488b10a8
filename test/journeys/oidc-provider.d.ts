/** What the judge of assertions needs of it; it brings no types of its own. */
declare module "oidc-provider" {
  import type { RequestListener } from "node:http";

  export class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>);
    callback(): RequestListener;
    on(
      event: "grant.error",
      hear: (context: unknown, error: Error & { error_detail?: string }) => void,
    ): this;
  }
}
