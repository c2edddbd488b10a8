/** Version 3: the configuration that the nodes share. Why it is so stands in docs/decisions/0071. */

const always = "language plpgsql security definer set search_path from current";

const tables = `
create table configuration (
  version bigint primary key,
  change_id uuid not null,
  text text not null,
  at timestamptz not null default clock_timestamp(),
  author text not null,
  author_from text not null,
  doing text not null,
  node text not null
);

create table configuration_applied (
  node text primary key,
  version bigint not null,
  faults jsonb not null,
  at timestamptz not null default clock_timestamp()
);
`;

/**
 * The next version, where \`p_expected\` is the newest. Asked again with the same \`p_id\` it answers as before, and writes, so
 * that this commit too waits for the standby. Null: somebody else was first.
 */
const addConfiguration = `
create function add_configuration_1(p_expected bigint, p_id uuid, p_text text, p_author text, p_from text,
    p_doing text, p_node text)
returns timestamptz ${always} as $$
#variable_conflict use_column
declare
  made timestamptz;
begin
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' configuration'));
  update configuration c set change_id = p_id where c.version = p_expected + 1 and c.change_id = p_id
    returning c.at into made;
  if found then return made; end if;
  if coalesce((select max(c.version) from configuration c), 0) <> p_expected then return null; end if;
  insert into configuration as c (version, change_id, text, author, author_from, doing, node)
    values (p_expected + 1, p_id, p_text, p_author, p_from, p_doing, p_node)
    returning c.at into made;
  return made;
end $$;

create function configuration_applied_1(p_node text, p_version bigint, p_faults jsonb)
returns void ${always} as $$
begin
  insert into configuration_applied as a (node, version, faults) values (p_node, p_version, p_faults)
    on conflict (node) do update
    set version = excluded.version, faults = excluded.faults, at = clock_timestamp();
end $$;
`;

export const configuration3 = tables + addConfiguration;
