/** Version 11: connections to next hops, counted over all nodes. Why it is so stands in docs/decisions/0083. */
import { endNodeOf, mayAct } from "./node-functions.ts";

const always = "language plpgsql security definer set search_path from current";

/** Written without waiting for the disk: after a crash of the database nodes tell again what they hold, within a second. */
const table = `
create table outbound_place (
  key text collate "C" not null,
  node_id int not null,
  held int not null,
  wanted int not null,
  lacks boolean not null,
  primary key (key, node_id)
) with (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);
create index outbound_place_node on outbound_place (node_id);
create index outbound_place_lacks on outbound_place (key, node_id) where lacks;
`;

/** What a node should have, as \`goalOf\` of core/policy/shared-places.ts. */
const goal = `
create function goal_of_places_1(me int, p_key text, p_limit int, p_wanted int, p_living int, p_turn bigint)
returns int language plpgsql stable security definer set search_path from current as $$
declare
  mine int := least(p_wanted, p_limit);
  ids int[];
  wants int[];
  total bigint;
  many int;
  remaining int := p_limit;
  behind int;
  rank int;
begin
  select coalesce(array_agg(u.node_id order by u.wanted, u.node_id), '{}'),
      coalesce(array_agg(u.wanted order by u.wanted, u.node_id), '{}'), coalesce(sum(u.wanted), 0)
    into ids, wants, total
    from (
      select p.node_id, least(p.wanted, p_limit) as wanted from outbound_place p
        where p.key = p_key and p.node_id <> me and p.wanted > 0
      union all select me, mine where mine > 0
    ) u;
  if total <= p_limit then return mine + floor((p_limit - total)::float8 / greatest(1, p_living))::int; end if;
  many := cardinality(ids);
  for i in 1 .. many loop
    behind := many - i + 1;
    if wants[i]::bigint * behind <= remaining then
      remaining := remaining - wants[i];
      if ids[i] = me then return mine; end if;
    else
      if array_position(ids[i:many], me) is null then return 0; end if;
      select count(*) into rank from unnest(ids[i:many]) o(id) where o.id < me;
      return remaining / behind + case when (rank + p_turn) % behind < remaining % behind then 1 else 0 end;
    end if;
  end loop;
  return mine;
end $$;
`;

/** Places that do not divide go round as often. */
const turnS = 10;

/**
 * For each key what the node may have, and what it is to come down to; then, with n = 0, keys of it of which others lack some.
 * What the node says it holds counts in any case: it is the truth, though it were too much.
 */
const share = `
create function share_places_1(me int, p_turn bigint, p_key text[], p_limit int[], p_held int[], p_wanted int[])
returns table (n int, key text, granted int, goal int) ${always} as $$
#variable_conflict use_column
declare
  living int;
  others bigint;
  aim int;
  give int;
begin
  perform set_config('synchronous_commit', 'off', true);
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' places'));
  ${mayAct}
  select count(*) into living from node x where x.ended_at is null;
  for i in 1 .. coalesce(cardinality(p_key), 0) loop
    if p_held[i] = 0 and p_wanted[i] = 0 then
      delete from outbound_place p where p.key = p_key[i] and p.node_id = me;
      return query select i, p_key[i], 0, 0;
      continue;
    end if;
    select coalesce(sum(p.held), 0) into others from outbound_place p where p.key = p_key[i] and p.node_id <> me;
    aim := goal_of_places_1(me, p_key[i], p_limit[i], p_wanted[i], living,
      coalesce(p_turn, floor(extract(epoch from clock_timestamp()) / ${turnS})::bigint));
    give := greatest(0, least(p_limit[i] - others, greatest(p_held[i], aim)));
    insert into outbound_place as p (key, node_id, held, wanted, lacks)
      values (p_key[i], me, greatest(p_held[i], give), p_wanted[i], give < least(p_wanted[i], p_limit[i]))
      on conflict (key, node_id) do update
      set held = excluded.held, wanted = excluded.wanted, lacks = excluded.lacks
      where (p.held, p.wanted, p.lacks) is distinct from (excluded.held, excluded.wanted, excluded.lacks);
    return query select i, p_key[i], give, aim;
  end loop;
  return query select distinct 0, l.key, 0, 0 from outbound_place l
    join outbound_place m on m.key = l.key and m.node_id = me
    where l.lacks and l.node_id <> me and l.key <> all (p_key);
end $$;
`;

export const forgetsPlaces = "delete from outbound_place p where p.node_id = p_node;";

export const outboundPlaces11 = table + goal + share + endNodeOf("create or replace", forgetsPlaces);
