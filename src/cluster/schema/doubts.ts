/**
 * Version 9: what a node does not take on trust. A database that was put back, or whose last commits went with its primary,
 * knows less than the node; a call without an answer may have been done; a setting of the role may have changed. Why it is so
 * stands in docs/decisions/0080.
 */
import { commitOf } from "./spool-functions.ts";
import { endTurns } from "./shared-tables.ts";

const always = "language plpgsql security definer set search_path from current";

const tables = `
alter table node add column process text;
`;

/**
 * As \`register_1\`, and: numbers follow the clock, so that none that a node still goes by comes again out of a database that
 * was put back; and a process that was taken for dead ends no other that has its name meanwhile, which would end it in turn.
 * \`p_again\`: this process was a node before.
 */
const register = `
create function register_2(p_name text, p_installation text, p_process text, p_again boolean, p_lease_ms float8, p_version text)
returns table (node_id int, slot int, id_floor bigint, is_chores boolean) ${always} as $$
#variable_conflict use_column
declare
  numbers text := pg_get_serial_sequence('node', 'node_id');
  seconds bigint := floor(extract(epoch from clock_timestamp() - timestamptz '2020-01-01 00:00:00+00'));
  came record;
begin
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' nodes'));
  perform 1 from node n where p_again and n.name = p_name and n.ended_at is null
    and n.process is distinct from p_process and n.lease_until > clock_timestamp();
  if found then
    raise exception using errcode = 'WR003', message = 'a node named ' || p_name || ' runs elsewhere';
  end if;
  -- The next one is of this second, unless more nodes came than seconds passed.
  if coalesce(pg_sequence_last_value(numbers::regclass), 0) < seconds - 1 then
    perform setval(numbers, seconds - 1);
  end if;
  select * into came from register_1(p_name, p_installation, p_lease_ms, p_version);
  update node n set process = p_process where n.node_id = came.node_id;
  return query select came.node_id, came.slot, came.id_floor, came.is_chores;
end $$;
`;

/**
 * As \`heartbeat_1\`, and: who was not heard for half a lease is steady no more. Others were heard up to a quarter of a lease
 * earlier: after a gap of nearly a lease this node's would be the first that is still in time. \`now\`: the database's clock.
 */
const heartbeat = `
create function heartbeat_2(me int, p_reserved bigint)
returns table (is_steady boolean, is_chores boolean, living int, is_told boolean, now float8) ${always} as $$
#variable_conflict use_column
begin
  perform set_config('synchronous_commit', 'local', true);
  update node n set steady_since = clock_timestamp()
    where n.node_id = me and n.ended_at is null and n.lease_until < clock_timestamp() + n.lease / 2;
  return query select h.is_steady, h.is_chores, h.living, h.is_told, extract(epoch from clock_timestamp())::float8 * 1000
    from heartbeat_1(me, p_reserved) h;
end $$;
`;

/** Gives back entries that are this node's and that it knows nothing of. A row that was written since has another \`rev\`. */
const disown = `
create function disown_1(me int, p_ids bigint[], p_queues text[], p_revs int[]) returns bigint ${always} as $$
declare
  freed bigint;
begin
  perform 1 from node_commit nc where nc.node_id = me for key share;
  if not found then raise exception using errcode = 'WR001', message = 'this node was taken for dead'; end if;
  update entry e set owner = null, rev = e.rev + 1, merged_due = null,
      due_at = least(e.due_at, coalesce(e.merged_due, 'Infinity'))
    from unnest(p_ids, p_queues, p_revs) u(id, queue, rev)
    where e.id = u.id and e.queue = u.queue and e.rev = u.rev and e.owner = me;
  get diagnostics freed = row_count;
  return freed;
end $$;
`;

/** Whatever is set for the role by now: a commit is on disk, and where a standby is waited for, on its disk. */
export const durable = `
  if current_setting('synchronous_commit') in ('off', 'local') then
    perform set_config('synchronous_commit', 'on', true);
  end if;
`;

export const doubts9 = tables + register + heartbeat + disown + commitOf("commit_3", endTurns, durable);
