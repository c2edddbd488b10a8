/** XML as a tree. Entities other than XML's five are refused, so nothing can grow; depth and size are bounded. */
import { type Parsed, parsed, unparsable } from "../../core/units/parsed.ts";

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Its own character data. */
  readonly text: string;
}

const mostDepth = 100;
const mostElements = 500_000;

interface Open {
  name: string;
  attributes: Record<string, string>;
  children: Open[];
  text: string;
}

/** Loads the parser, which little else needs. */
export async function readXml(text: string): Promise<Parsed<XmlElement>> {
  const { SaxesParser } = await import("saxes");
  const parser = new SaxesParser();
  const open: Open[] = [];
  let root: Open | undefined;
  let elements = 0;
  parser.on("doctype", () => {
    throw new XmlFault("it has a DOCTYPE, which no export has");
  });
  parser.on("opentag", ({ name, attributes }) => {
    elements += 1;
    if (open.length >= mostDepth) throw new XmlFault("it is nested too deeply");
    if (elements > mostElements) throw new XmlFault(`it has more than ${mostElements} elements`);
    const element: Open = { name, attributes: { ...attributes }, children: [], text: "" };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  const addText = (piece: string): void => {
    const element = open.at(-1);
    if (element !== undefined) element.text += piece;
  };
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.on("closetag", () => {
    open.pop();
  });
  parser.on("error", (error) => {
    throw new XmlFault(error.message);
  });
  try {
    parser.write(text.trimStart()).close();
  } catch (fault) {
    return unparsable(
      `is no XML that can be read: ${fault instanceof Error ? fault.message : String(fault)}`,
    );
  }
  return root === undefined ? unparsable("holds no XML element") : parsed(root);
}

class XmlFault extends Error {
  override readonly name = "XmlFault";
}

export function childrenNamed(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name);
}
