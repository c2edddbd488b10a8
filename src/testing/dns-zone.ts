/** A resolver that knows what a test says: records by `name TYPE`, or how the question fails. */
import type { Lookup, MxRecord, RecordType, Resolver, Unknown } from "../ports/lookup.ts";

/** `10 mx.test` for MX; what is not there is denied, by `nxdomain` where no type of the name is known. */
export type Zone = Record<string, readonly string[] | Unknown["kind"]>;

export interface ZoneResolver extends Resolver {
  zone: Zone;
  /** `name TYPE` of each question, in order. */
  readonly asked: readonly string[];
  readonly forgotten: readonly string[];
  keepMs: number;
}

export function zoneResolver(zone: Zone): ZoneResolver {
  const asked: string[] = [];
  const forgotten: string[] = [];
  const resolver: ZoneResolver = {
    zone,
    asked,
    forgotten,
    keepMs: 300_000,
    lookUp<Type extends RecordType>(name: string, type: Type) {
      asked.push(`${name} ${type}`);
      const told = { canonicalName: name, isAuthenticated: false, keepMs: resolver.keepMs };
      const texts = resolver.zone[`${name} ${type}`];
      const isKnown = Object.keys(resolver.zone).some((key) => key.startsWith(`${name} `));
      const lookup =
        texts === undefined
          ? { kind: isKnown ? "nodata" : "nxdomain", ...told }
          : typeof texts === "string"
            ? { kind: texts, detail: `it is ${texts}`, keepMs: resolver.keepMs }
            : { kind: "found", ...told, records: type === "MX" ? texts.map(mxRecord) : texts };
      return Promise.resolve(lookup as Lookup<Type>);
    },
    forget(name) {
      forgotten.push(name ?? "everything");
    },
  };
  return resolver;
}

function mxRecord(text: string): MxRecord {
  const [preference = "", exchange = ""] = text.split(" ");
  return { preference: Number(preference), exchange: exchange === "." ? "" : exchange };
}
