/** Version 6: who changed what, when API keys were used, and which version of the configuration each node has in force. */

const always = "language plpgsql security definer set search_path from current";

const tables = `
create table audit (
  id uuid primary key,
  at timestamptz not null,
  node text not null,
  event int not null,
  who text not null,
  came_from text not null,
  operation text not null,
  target text not null,
  text text not null
);
create index audit_at on audit (at, id);

create table api_key_use (
  hash text primary key,
  used_at float8 not null
);

alter table configuration_applied add column in_force bigint;
`;

/**
 * Entries with an id of their own: asked again after a lost answer they are the same. What is older than \`p_keep_days\` goes,
 * a little with each call.
 */
const audit = `
create function add_audit_1(p_entries jsonb, p_keep_days int) returns void ${always} as $$
begin
  insert into audit (id, at, node, event, who, came_from, operation, target, text)
    select e.id, e.at, e.node, e.event, e.who, e.came_from, e.operation, e.target, e.text
    from jsonb_to_recordset(p_entries)
      e(id uuid, at timestamptz, node text, event int, who text, came_from text, operation text, target text, text text)
    on conflict (id) do nothing;
  delete from audit a where a.id in (
    select o.id from audit o where o.at < clock_timestamp() - p_keep_days * interval '1 day' order by o.at limit 1000
  );
end $$;
`;

/** Uses of this node in, those of all out; a hash that nobody's configuration has any more is as old as its last use. */
const keyUses = `
create function api_key_uses_1(p_hash text[], p_used float8[])
returns table (hash text, used_at float8) ${always} as $$
#variable_conflict use_column
begin
  if cardinality(p_hash) > 0 then
    perform set_config('synchronous_commit', 'off', true);
    insert into api_key_use as a (hash, used_at)
      select u.hash, u.used from unnest(p_hash, p_used) u(hash, used) order by u.hash
      on conflict (hash) do update set used_at = excluded.used_at where excluded.used_at > a.used_at;
  end if;
  return query select a.hash, a.used_at from api_key_use a;
end $$;

create function forget_api_key_uses_1(p_hash text[]) returns void ${always} as $$
begin
  delete from api_key_use a where a.hash = any(p_hash);
end $$;
`;

/** \`p_in_force\`: the version whose settings hold on the node; null: as it was told before. */
const applied = `
create function configuration_applied_2(p_node text, p_version bigint, p_faults jsonb, p_in_force bigint)
returns void ${always} as $$
begin
  insert into configuration_applied as a (node, version, faults, in_force)
    values (p_node, p_version, p_faults, p_in_force)
    on conflict (node) do update
    set version = excluded.version, faults = excluded.faults,
      in_force = coalesce(excluded.in_force, a.in_force), at = clock_timestamp();
end $$;
`;

export const sharedRecords6 = tables + audit + keyUses + applied;
