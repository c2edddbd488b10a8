/** `… | Export-Clixml`: PowerShell's CLIXML. Source: [MS-PSRP] §2.2.5, serialization of types. */
import { childrenNamed, type XmlElement } from "../xml-tree.ts";
import {
  type ExportedObject,
  type ExportedProperty,
  type ExportedValue,
  exportedObject,
  isTypeName,
} from "./exported-value.ts";

export function readClixml(root: XmlElement): readonly ExportedObject[] {
  const known = new Map<string, XmlElement>();
  rememberObjects(root, known);
  const objects = (elements: readonly XmlElement[]): readonly XmlElement[] =>
    elements.flatMap((element) => {
      const items = listOf(element);
      return items === undefined ? [element] : objects(items.filter(({ name }) => name === "Obj"));
    });
  return objects(childrenNamed(root, "Obj"))
    .map((element) => exportedObject(membersOf(element, known)))
    .filter((object) => object.size > 0);
}

/** `<Ref RefId="3"/>` stands for an object that came before. */
function rememberObjects(element: XmlElement, known: Map<string, XmlElement>): void {
  const id = element.attributes["RefId"];
  if (element.name === "Obj" && id !== undefined) known.set(id, element);
  for (const child of element.children) rememberObjects(child, known);
}

function listOf(element: XmlElement): readonly XmlElement[] | undefined {
  return element.children.find(({ name }) => ["LST", "IE", "STK", "QUE"].includes(name))?.children;
}

/** Adapted properties and those added to the object. */
function membersOf(element: XmlElement, known: ReadonlyMap<string, XmlElement>): readonly ExportedProperty[] {
  return element.children
    .filter(({ name }) => name === "Props" || name === "MS")
    .flatMap(({ children }) => children)
    .flatMap((member) => {
      const name = member.attributes["N"];
      if (name === undefined) return [];
      const value = valueOf(member, known, 0);
      return [{ name: unescaped(name), value, ...(isTypeName(value) ? { lost: "typeName" as const } : {}) }];
    });
}

const mostNesting = 6;

function valueOf(element: XmlElement, known: ReadonlyMap<string, XmlElement>, depth: number): ExportedValue {
  if (depth > mostNesting) return null;
  switch (element.name) {
    case "Nil":
      return null;
    case "B":
      return element.text.trim().toLowerCase() === "true";
    case "I16":
    case "I32":
    case "I64":
    case "U16":
    case "U32":
    case "U64":
    case "By":
    case "SB":
    case "Db":
    case "Sg":
      return Number(element.text);
    // A SecureString: encrypted for the account that exported it.
    case "SS":
      return null;
    case "Ref": {
      const meant = known.get(element.attributes["RefId"] ?? "");
      return meant === undefined ? null : objectValue(meant, known, depth + 1);
    }
    case "Obj":
      return objectValue(element, known, depth);
    default:
      return unescaped(element.text);
  }
}

/** A list, else its text, else its properties, else the number of an enumeration. */
function objectValue(
  element: XmlElement,
  known: ReadonlyMap<string, XmlElement>,
  depth: number,
): ExportedValue {
  const items = listOf(element);
  if (items !== undefined) return items.map((item) => valueOf(item, known, depth + 1));
  const text = unescaped(element.children.find(({ name }) => name === "ToString")?.text ?? "");
  if (text !== "" && !isTypeName(text)) return text;
  const members = element.children
    .filter(({ name }) => name === "Props" || name === "MS")
    .flatMap(({ children }) => children)
    .map((member): [string, ExportedValue] => [
      unescaped(member.attributes["N"] ?? ""),
      valueOf(member, known, depth + 1),
    ]);
  if (members.length > 0) return Object.fromEntries(members);
  const value = element.children.find(({ name }) => /^(?:[IU]\d+|S|B)$/.test(name));
  return value === undefined ? text || null : valueOf(value, known, depth + 1);
}

/** `_x000D_` is a code unit that XML does not hold. */
function unescaped(text: string): string {
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
