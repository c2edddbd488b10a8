/**
 * Version 16: nodes that come and go under new names. How long one is shown behind its end is its own word; the row stays a week all
 * the same, for its ids are not drawn again.
 */
const always = "language plpgsql security definer set search_path from current";

/** Of a row of the table `node` n: nobody is shown it any more. */
export const isForgotten = "coalesce(n.ended_at + n.forget_after < clock_timestamp(), false)";

/** \`remove_node_1\`: 0 there is none of that name, 1 it lives, 2 it is forgotten, and what was said of it as well. */
export const forgetting16 = `
alter table node add column forget_after interval not null default interval '7 days';

create function tell_forgetting_1(me int, p_ms float8) returns void ${always} as $$
begin
  update node n set forget_after = p_ms * interval '1 ms' where n.node_id = me and n.ended_at is null;
end $$;

create function remove_node_1(p_name text) returns int ${always} as $$
begin
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' nodes'));
  if exists (select 1 from node n where n.name = p_name and n.ended_at is null) then return 1; end if;
  update node n set forget_after = interval '0' where n.name = p_name;
  if not found then return 0; end if;
  delete from node_suspension s where s.name = p_name;
  delete from configuration_applied a where a.node = p_name;
  return 2;
end $$;

-- What names that nobody knows any more had told of the configuration.
create function forget_names_1() returns void ${always} as $$
begin
  delete from configuration_applied a
    where a.at < clock_timestamp() - interval '1 hour'
      and not exists (select 1 from node n where n.name = a.node and not ${isForgotten});
end $$;
`;
