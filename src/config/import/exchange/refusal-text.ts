/** Why a setting of Exchange means nothing here, as the check of the file says it. */
import { refusedSettings } from "../../refused-settings.ts";

/** In any case. Undefined: there is no such setting, or it has a meaning. */
export function refusalText(section: string, property: string): string | undefined {
  const reasons = refusedSettings[section] ?? {};
  const name = Object.keys(reasons).find((each) => each.toLowerCase() === property.toLowerCase());
  return name === undefined ? undefined : reasons[name]?.replaceAll("`", "");
}
