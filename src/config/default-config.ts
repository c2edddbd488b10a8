/** The configuration a newcomer gets: local applications in, `.eml` files out, every line explained. */
export const defaultConfig = `# Weir's configuration. Save the file and it is applied at once, without dropping a connection;
# "weir check" tells beforehand what is wrong with it. All settings: docs/configuration.md
#
# For completion in an editor run "weir schema > weir.schema.json" and take one # away here:
## yaml-language-server: $schema=weir.schema.json

# The name this relay gives for itself in SMTP and in reports. Default: the system's host name.
# hostname: relay.example.com

# Where mail is kept until it is delivered, relative to this file.
dataDirectory: data

# Where mail comes in. A client is served by the connector with the smallest range that holds its address.
receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:2525"]
    # Only programs on this machine. Add your application servers here, for example 192.168.1.0/24,
    # and a binding that they can reach, for example "0.0.0.0:25".
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    # Clients may send to any recipient without logging on. That is safe here, because remoteIpRanges lets in
    # nobody but this machine. Never open it to the Internet: "weir check" warns when you do.
    anonymousRelay: true

    # The limits, with their defaults:
    # maxInboundConnection: 5000                    # open connections of this connector
    # maxInboundConnectionPerSource: 20             # of them from one address
    # maxInboundConnectionPercentagePerSource: 2    # and in percent of what others leave free
    # messageRateLimit: unlimited                   # messages per minute from one address
    # maxMessageSize: 36MB
    # maxRecipientsPerMessage: 200
    # tarpitInterval: 5s                            # delay of refusals

# Where mail goes out.
sendConnectors:
  # Writes each message as an .eml file into drop in the data directory, where you can look at what your applications send.
  - name: Drop
    addressSpaces: ["*"]
    dropDirectory: drop

  # For real delivery take out the connector above and put your smart host here:
  # - name: Out
  #   addressSpaces: ["*"]
  #   smartHosts: ["smtp.example.com:587"]
  #   requireTls: true
  #   smartHostAuthMechanism: BasicAuthRequireTLS
  #   authenticationCredential:
  #     userName: relay@example.com
  #     passwordFile: smarthost-password.txt

# Domains that clients without the right to relay may send to.
acceptedDomains: []

# The web console. The first start from a shell shows the token to sign in with; "weir New-AdminToken" makes more.
admin:
  console: "127.0.0.1:8025"
`;
