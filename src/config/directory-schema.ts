/** The section `directory`: users in LDAP or Active Directory. */
import { z } from "zod";
import type { DirectorySettings } from "../core/authentication/directory-settings.ts";
import { type Parsed, parsed, quoted, unparsable } from "../core/units/parsed.ts";
import { clientRightsShape } from "./client-rights-schema.ts";
import type { Findings } from "./fault.ts";
import { certificatesOf, secretOfEnv, secretOfFile, type SecretSources } from "./secret-sources.ts";
import {
  duration,
  filePath,
  flag,
  line,
  listOf,
  name,
  notASection,
  optionalSetting,
  parsedText,
  requiredSetting,
  setting,
} from "./value-type.ts";

const isHere = /^ldap:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

function parseLdapUrl(input: string): Parsed<string> {
  const text = input.trim().replace(/\/$/, "");
  return /^ldaps?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(text)
    ? parsed(text)
    : unparsable(
        `${quoted(input)} is no server; write ldaps://dc1.contoso.com or ldap://dc1.contoso.com:389`,
      );
}

const groupSchema = z.strictObject(
  { name: requiredSetting(name(1000), "The group's DN."), ...clientRightsShape },
  { error: notASection },
);

export const directorySchema = z.strictObject(
  {
    urls: requiredSetting(
      listOf(parsedText({ kind: "LDAP URL" }, parseLdapUrl), { kind: "list of LDAP URLs" }).refine(
        (urls) => urls.length > 0,
        { error: "is empty" },
      ),
      "Servers, such as ldaps://dc1.contoso.com; the first that answers is asked.",
    ),
    startTls: setting(flag(), true, "STARTTLS on ldap://. False is for servers on this machine only."),
    caFile: optionalSetting(
      filePath(),
      "the system's CAs",
      "PEM file of the CA of the servers' certificates.",
    ),
    bindDn: optionalSetting(line(1000), "anonymous", "Who searches for users."),
    bindPasswordFile: optionalSetting(filePath(), "none", "File whose first line is bindDn's password."),
    bindPasswordEnv: optionalSetting(name(256), "none", "Environment variable that holds it."),
    baseDn: requiredSetting(name(1000), "Where users are, such as `DC=contoso,DC=com`."),
    userAttributes: setting(
      listOf(name(256), { kind: "list of names" }).refine((list) => list.length > 0, { error: "is empty" }),
      ["sAMAccountName", "userPrincipalName", "mail"],
      "One of them has to equal the name that the client gives; the first that the entry has is what it is called here. OpenLDAP: uid, mail.",
    ),
    objectClass: setting(name(256), "person", "Of the entries that are users."),
    groupAttribute: setting(name(256), "memberOf", "Holds the DNs of a user's groups."),
    nestedGroups: setting(
      flag(),
      false,
      "Groups in groups count (Active Directory only; a search for each group).",
    ),
    groups: setting(
      listOf(groupSchema, { kind: "list of groups" }),
      [],
      "What members may do; of several groups the first in this list.",
    ),
    requireGroup: setting(flag(), false, "Only members of one of groups log on."),
    timeout: setting(duration({ min: 500, max: 60_000 }), "5s", "For connecting, and for each answer."),
    keepLogons: setting(
      duration({ min: 0, max: 7 * 86_400_000 }),
      "1d",
      "While no server answers, who logged on so recently with the same password goes on.",
    ),
  },
  { error: notASection },
);

/** `absolute`: of paths in the configuration. */
export function readDirectory(
  given: z.output<typeof directorySchema>,
  from: SecretSources,
  findings: Findings,
): DirectorySettings {
  const { timeout, keepLogons, caFile, bindPasswordFile, bindPasswordEnv, bindDn, ...settings } = given;
  const at = (place: string): readonly string[] => ["directory", place];
  for (const [index, url] of given.urls.entries())
    if (!given.startTls && /^ldap:/i.test(url) && !isHere.test(url))
      findings.fault(
        ["directory", "urls", index],
        "would send passwords in clear text; use ldaps:// or startTls",
      );
  const password =
    bindPasswordFile !== undefined
      ? secretOfFile(bindPasswordFile, at("bindPasswordFile"), from, findings)
      : bindPasswordEnv !== undefined
        ? secretOfEnv(bindPasswordEnv, at("bindPasswordEnv"), from, findings)
        : undefined;
  if (bindDn !== undefined && bindPasswordFile === undefined && bindPasswordEnv === undefined)
    findings.fault(at("bindDn"), "needs bindPasswordFile or bindPasswordEnv");
  return {
    ...settings,
    bindDn,
    bindPassword: password,
    ca: caFile === undefined ? undefined : certificatesOf(caFile, at("caFile"), from, findings),
    timeoutMs: timeout,
    keepLogonsMs: keepLogons,
  };
}
