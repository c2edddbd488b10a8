/** IIS's MetaBase.xml, as far as its SMTP service goes. Source: Microsoft's Metabase Property Reference. */
import { childrenNamed, type XmlElement } from "../xml-tree.ts";

/** By name in lower case. */
export type MetabaseProperties = ReadonlyMap<string, { readonly name: string; readonly value: string }>;

export interface SmtpDomain {
  readonly name: string;
  readonly properties: MetabaseProperties;
}

export interface SmtpVirtualServer {
  /** Its number in `/LM/SmtpSvc/1`. */
  readonly number: string;
  /** With those it inherits from the service. */
  readonly properties: MetabaseProperties;
  readonly domains: readonly SmtpDomain[];
}

export function smtpServers(root: XmlElement): readonly SmtpVirtualServer[] {
  const elements = childrenNamed(root, "MBProperty").flatMap(({ children }) => children);
  const at = (name: string, location: RegExp) =>
    elements.flatMap((element) => {
      const match = element.name === name ? location.exec(element.attributes["Location"] ?? "") : null;
      return match === null ? [] : [{ element, parts: match.slice(1) }];
    });
  const inherited = at("IIsSmtpService", /^\/LM\/SmtpSvc$/i).map(({ element }) => propertiesOf(element));
  const domains = at("IIsSmtpDomain", /^\/LM\/SmtpSvc\/(\d+)\/Domain\/(.+)$/i);
  return at("IIsSmtpServer", /^\/LM\/SmtpSvc\/(\d+)$/i).map(({ element, parts: [number = ""] }) => ({
    number,
    properties: new Map([...(inherited[0] ?? []), ...propertiesOf(element)]),
    domains: domains
      .filter(({ parts }) => parts[0] === number)
      .map((domain) => ({ name: domain.parts[1] ?? "", properties: propertiesOf(domain.element) })),
  }));
}

/** Attributes, and `<Custom Name="…" Value="…"/>`. */
function propertiesOf(element: XmlElement): MetabaseProperties {
  const properties = new Map<string, { name: string; value: string }>();
  const add = (name: string, value: string): void => {
    if (name !== "" && name !== "Location") properties.set(name.toLowerCase(), { name, value: value.trim() });
  };
  for (const [name, value] of Object.entries(element.attributes)) add(name, value);
  for (const { attributes } of childrenNamed(element, "Custom"))
    add(attributes["Name"] ?? "", attributes["Value"] ?? "");
  return properties;
}
