/** How nodes come, live and end. The database's clock is the only one that counts; nobody compares wall clocks. */

const always = "language plpgsql security definer set search_path from current";

/** Refuses a node that was taken for dead, and keeps it from being so until the commit. */
export const mayAct = `
  perform 1 from node_commit nc where nc.node_id = me for key share;
  if not found then raise exception using errcode = 'WR001', message = 'this node was taken for dead'; end if;
`;

/**
 * Ends a node: all it held is anybody's. False: a commit of it is under way, so it is tried again. Whoever calls it holds
 * the lock of the node's row. `more`: what a later version of the schema lets go of as well.
 */
export const endNodeOf = (create: "create" | "create or replace", more = ""): string => `
${create} function end_node_1(p_node int) returns boolean ${always} as $$
begin
  begin
    perform 1 from node_commit nc where nc.node_id = p_node for update nowait;
  exception when lock_not_available then
    return false;
  end;
  delete from node_commit nc where nc.node_id = p_node;
  update node n set ended_at = clock_timestamp() where n.node_id = p_node and n.ended_at is null;
  update entry e set owner = null, rev = e.rev + 1, merged_due = null,
      due_at = least(e.due_at, coalesce(e.merged_due, 'Infinity'))
    where e.owner = p_node;
  delete from pair p where p.node_id = p_node;
  delete from total t where t.node_id = p_node;
  delete from boot b where b.node_id = p_node;
  ${more}
  update chores c set until = '-infinity' where c.node_id = p_node;
  return true;
end $$;
`;

/**
 * A node comes. What runs under its name on the same installation has ended, for the data directory is locked by one
 * process; another installation with that name is refused. Ids of this incarnation are above \`id_floor\`.
 */
const register = `
create function register_1(p_name text, p_installation text, p_lease_ms float8, p_version text)
returns table (node_id int, slot int, id_floor bigint, is_chores boolean) ${always} as $$
#variable_conflict use_column
declare
  former record;
  free int;
  made int;
begin
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' nodes'));
  select * into former from node n where n.name = p_name and n.ended_at is null for update;
  if found then
    if former.installation <> p_installation and former.lease_until > clock_timestamp() then
      raise exception using errcode = 'WR003', message = 'a node named ' || p_name || ' runs elsewhere';
    end if;
    if not end_node_1(former.node_id) then
      raise exception using errcode = '55P03', message = 'a commit of the former ' || p_name || ' is under way';
    end if;
  end if;
  delete from node n where n.ended_at < clock_timestamp() - interval '7 days';
  select s into free from generate_series(0, 63) s
    where not exists (select 1 from node n where n.slot = s and n.ended_at is null) order by s limit 1;
  if free is null then
    raise exception using errcode = 'WR004', message = '64 nodes run already';
  end if;
  insert into node as n (name, slot, installation, lease, lease_until, steady_since, version)
    values (p_name, free, p_installation, p_lease_ms * interval '1 ms',
      clock_timestamp() + p_lease_ms * interval '1 ms', clock_timestamp(), p_version)
    returning n.node_id into made;
  insert into node_commit (node_id) values (made);
  update chores c set node_id = made, until = clock_timestamp() + p_lease_ms * interval '1 ms'
    where c.until < clock_timestamp();
  return query select made, free,
    greatest(
      coalesce((select max(n.id_reserved_until) from node n where n.slot = free), 0),
      coalesce((select max(m.id) from message m), 0)
    ),
    exists (select 1 from chores c where c.node_id = made);
end $$;
`;

/** \`is_told\`: the counts of this node stand in the ledger. A commit of its own, which waits for no standby. */
const heartbeat = `
create function heartbeat_1(me int, p_reserved bigint)
returns table (is_steady boolean, is_chores boolean, living int, is_told boolean) ${always} as $$
#variable_conflict use_column
declare
  steady boolean;
  mine interval;
begin
  perform set_config('synchronous_commit', 'local', true);
  update node n set
      steady_since = case when n.lease_until < clock_timestamp() then clock_timestamp() else n.steady_since end,
      lease_until = clock_timestamp() + n.lease,
      id_reserved_until = greatest(n.id_reserved_until, p_reserved)
    where n.node_id = me and n.ended_at is null
    returning n.steady_since <= clock_timestamp() - n.lease, n.lease into steady, mine;
  if not found then
    raise exception using errcode = 'WR001', message = 'this node was taken for dead';
  end if;
  update chores c set node_id = me, until = clock_timestamp() + mine
    where c.node_id = me or c.until < clock_timestamp();
  return query select steady, exists (select 1 from chores c where c.node_id = me),
    (select count(*)::int from node n where n.ended_at is null),
    exists (select 1 from boot b where b.node_id = me);
end $$;
`;

/**
 * Ends nodes whose lease is over, and says how many. Only who has been steady for a lease may: after the database was away
 * every lease is over, and the first node back would end all others.
 */
const reap = `
create function reap_1(me int) returns int ${always} as $$
#variable_conflict use_column
declare
  dead int;
  ended int := 0;
begin
  perform 1 from node n where n.node_id = me and n.ended_at is null and n.lease_until > clock_timestamp()
    and n.steady_since <= clock_timestamp() - n.lease;
  if not found then return 0; end if;
  for dead in
    select n.node_id from node n
      where n.ended_at is null and n.node_id <> me and n.lease_until < clock_timestamp()
      for update skip locked
  loop
    if end_node_1(dead) then ended := ended + 1; end if;
  end loop;
  return ended;
end $$;

create function leave_1(me int) returns boolean ${always} as $$
#variable_conflict use_column
begin
  perform 1 from node n where n.node_id = me and n.ended_at is null for update;
  return end_node_1(me);
end $$;
`;

/** What nobody living owns, and contents whose message never came. Answers with how many entries there were: none, always. */
const sweep = `
create function sweep_1(me int, p_old_id bigint) returns bigint ${always} as $$
#variable_conflict use_column
declare
  found_ones bigint;
begin
  with o as (
    update entry e set owner = null, rev = e.rev + 1, merged_due = null,
        due_at = least(e.due_at, coalesce(e.merged_due, 'Infinity'))
      where e.owner is not null and not exists (select 1 from node_commit nc where nc.node_id = e.owner)
      returning 1
  )
  select count(*) into found_ones from o;
  delete from body b where b.id < p_old_id
    and not exists (select 1 from message m where m.id = b.id)
    and not exists (select 1 from damaged d where d.id = b.id);
  return found_ones;
end $$;
`;

export const nodeFunctions1 = endNodeOf("create") + register + heartbeat + reap + sweep;
