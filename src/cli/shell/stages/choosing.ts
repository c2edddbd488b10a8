/** select, where, sort, group, measure: which objects go on, and which of their properties. */
import { isOn, listOf, numberOf, textOf } from "../../arguments/value.ts";
import { CommandFault } from "../../exit-code.ts";
import { displayText } from "../../objects/display-text.ts";
import { chosen } from "../../objects/print-objects.ts";
import { hasProperty, objectOf, propertyOf, type ShownObject } from "../../objects/shown-object.ts";
import { namesOf } from "../../output/print.ts";
import { compareValues } from "../compare-values.ts";
import { parseCondition, parseSimpleCondition } from "../condition.ts";
import { flowOf, propertyParameter, type Flow, type Stage } from "../stage.ts";

const count = (name: string) => ({ name, kind: "number", help: "So many." }) as const;
const flag = (name: string) => ({ name, kind: "switch", help: "" }) as const;

export const select: Stage = {
  name: "Select-Object",
  aliases: ["select"],
  parameters: [
    propertyParameter,
    { name: "ExpandProperty", kind: "text", help: "The values of this property alone." },
    { name: "ExcludeProperty", kind: "list", help: "All but these." },
    count("First"),
    count("Last"),
    count("Skip"),
    flag("Unique"),
  ],
  run(flow, args) {
    const skipped = flow.objects.slice(numberOf(args, "Skip") ?? 0);
    const first = skipped.slice(0, numberOf(args, "First") ?? skipped.length);
    const last = numberOf(args, "Last");
    const objects = last === undefined ? first : last === 0 ? [] : first.slice(-last);
    const expanded = textOf(args, "ExpandProperty");
    if (expanded !== undefined) return expand(objects, expanded, isOn(args, "Unique"));
    const wanted = listOf(args, "Property");
    const excluded = listOf(args, "ExcludeProperty");
    if (wanted === undefined && excluded === undefined)
      return { ...flow, objects: isOn(args, "Unique") ? unique(objects) : objects };
    refuseBlocks(wanted ?? []);
    const without = excluded === undefined ? [] : namesOf(excluded, objects);
    const names = namesOf(wanted ?? ["*"], objects).filter((name) => !without.includes(name));
    const some = objects.map((object) => objectOf(chosen(object, names)));
    return { objects: isOn(args, "Unique") ? unique(some) : some, none: flow.none, names };
  },
};

/** The values themselves, one an object. */
export function expand(objects: readonly ShownObject[], name: string, isUnique = false): Flow {
  const [key = name] = namesOf([name], objects);
  const values = objects.flatMap((object) => {
    const value = propertyOf(object, key);
    return Array.isArray(value) ? (value as unknown[]) : value === null || value === undefined ? [] : [value];
  });
  const own = values.map((value) =>
    typeof value === "object" && value !== null
      ? objectOf(value as ShownObject["json"])
      : objectOf({ value: displayText(key, value) }),
  );
  return flowOf(isUnique ? unique(own) : own, `${key} is empty`);
}

function unique(objects: readonly ShownObject[]): readonly ShownObject[] {
  return [
    ...new Map(objects.toReversed().map((object) => [JSON.stringify(object.json), object])).values(),
  ].reverse();
}

export const where: Stage = {
  name: "Where-Object",
  aliases: ["where", "?"],
  parameters: [],
  raw: true,
  run(flow, _, { words }) {
    const [first = "", ...more] = words.filter((word) => !/^-FilterScript$/i.test(word));
    const block = /^\{([^]*)\}$/.exec(first)?.[1];
    const parsed = block === undefined ? parseSimpleCondition([first, ...more]) : parseCondition(block);
    if (!parsed.ok)
      throw new CommandFault(`where: ${parsed.message}; write it like where {$_.Status -eq 'Retry'}`, 2);
    const missing = parsed.properties.find(
      (name) => flow.objects.length > 0 && !flow.objects.some((object) => hasProperty(object, name)),
    );
    if (missing !== undefined) namesOf([missing], flow.objects);
    const objects = flow.objects.filter((object) => parsed.condition(object));
    return {
      ...flow,
      objects,
      ...(flow.objects.length > 0 ? { none: `nothing fits where ${words.join(" ")}` } : {}),
    };
  },
};

export const sort: Stage = {
  name: "Sort-Object",
  aliases: ["sort"],
  parameters: [propertyParameter, flag("Descending"), flag("Unique"), count("Top")],
  run(flow, args) {
    const names = namesOf(listOf(args, "Property")?.map(bare) ?? [], flow.objects);
    const by = names.length > 0 ? names : ["identity", "name", "value"];
    const sign = isOn(args, "Descending") ? -1 : 1;
    const sorted = flow.objects.toSorted((a, b) => {
      for (const name of by) {
        const order = compareValues(propertyOf(a, name), propertyOf(b, name));
        if (order !== 0) return order * sign;
      }
      return 0;
    });
    const all = isOn(args, "Unique")
      ? sorted.filter(
          (object, index) =>
            index === 0 ||
            by.some((name) => {
              const before = sorted[index - 1];
              return (
                before !== undefined &&
                compareValues(propertyOf(object, name), propertyOf(before, name)) !== 0
              );
            }),
        )
      : sorted;
    return { ...flow, objects: all.slice(0, numberOf(args, "Top") ?? all.length) };
  },
};

export const group: Stage = {
  name: "Group-Object",
  aliases: ["group"],
  parameters: [propertyParameter, flag("NoElement")],
  run(flow, args) {
    const names = namesOf(listOf(args, "Property")?.map(bare) ?? [], flow.objects);
    if (names.length === 0) throw new CommandFault("group needs a property: | group Status", 2);
    const counts = new Map<string, number>();
    for (const object of flow.objects) {
      const name = names.map((it) => displayText(it, propertyOf(object, it))).join(", ");
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const objects = [...counts]
      .sort(([, a], [, b]) => b - a)
      .map(([name, number]) => objectOf({ count: number, name }));
    return { objects, none: flow.none, names: ["count", "name"] };
  },
};

export const measure: Stage = {
  name: "Measure-Object",
  aliases: ["measure"],
  parameters: [
    propertyParameter,
    ...["Sum", "Average", "Maximum", "Minimum", "Line", "Word", "Character"].map(flag),
  ],
  run(flow, args) {
    const names = namesOf(listOf(args, "Property") ?? [], flow.objects);
    const asked = (["Sum", "Average", "Maximum", "Minimum"] as const).filter((it) => isOn(args, it));
    if (names.length === 0 && asked.length > 0)
      throw new CommandFault(`measure -${asked.join(" -")} needs a property: | measure MessageCount -Sum`, 2);
    const objects =
      names.length === 0
        ? [{ count: flow.objects.length }]
        : names.map((name) => measured(flow.objects, name, asked));
    return { objects: objects.map(objectOf), none: flow.none, names: Object.keys(objects[0] ?? {}) };
  },
};

function measured(
  objects: readonly ShownObject[],
  name: string,
  asked: readonly ("Sum" | "Average" | "Maximum" | "Minimum")[],
): ShownObject["json"] {
  const numbers = objects
    .map((object) => propertyOf(object, name))
    .filter((value) => value !== null && value !== undefined && value !== "")
    .map(Number)
    .filter((value) => !Number.isNaN(value));
  const sum = numbers.reduce((total, value) => total + value, 0);
  const results = {
    Sum: sum,
    Average: numbers.length === 0 ? null : sum / numbers.length,
    Maximum: numbers.length === 0 ? null : numbers.reduce((a, b) => Math.max(a, b)),
    Minimum: numbers.length === 0 ? null : numbers.reduce((a, b) => Math.min(a, b)),
  };
  return {
    property: name,
    count: numbers.length,
    ...Object.fromEntries(asked.map((it) => [it.toLowerCase(), results[it]])),
  };
}

/** `{$_.Name}` means Name. */
function bare(name: string): string {
  return /^\{\s*\$_\.(\w+)\s*\}$/.exec(name)?.[1] ?? name;
}

function refuseBlocks(names: readonly string[]): void {
  const block = names.find((name) => /[@{}]/.test(name));
  if (block !== undefined)
    throw new CommandFault(
      `${block}: properties that are computed are not made here; name those there are`,
      2,
    );
}
