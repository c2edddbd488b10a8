/** The configuration a smart-host relay is given in its documentation, with ports of the moment. */
export function configuration(given: {
  readonly port: number;
  /** Takes mail by HTTP, too. */
  readonly httpPort?: number;
  readonly sinkPort: number;
  /** More receive connectors, as YAML list items. */
  readonly more?: string;
  readonly maxMessageSize?: string;
  readonly dataDirectory?: string;
}): string {
  return `hostname: relay.test
dataDirectory: ${given.dataDirectory ?? "./data"}
receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:${given.port}"]
${given.httpPort === undefined ? "" : `    httpBindings: ["127.0.0.1:${given.httpPort}"]\n`}    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    maxInboundConnectionPerSource: unlimited
    maxInboundConnectionPercentagePerSource: 100
    maxMessageSize: ${given.maxMessageSize ?? "25MB"}
    tarpitInterval: 0s
${given.more ?? ""}sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: ["[127.0.0.1]:${given.sinkPort}"]
transport:
  transientFailureRetryInterval: 2s
  queueGlitchRetryInterval: 1s
  messageRetryInterval: 2s
`;
}
