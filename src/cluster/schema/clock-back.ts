/**
 * Version 18: the database's clock goes back, by hand or because another server takes over whose clock is behind. What is dated by it then
 * lies ahead, and would be waited for until it is as late again: mail of a node that died just before, a mailbox's turn, a full minute.
 * What lies further ahead than anything can be dated is of before. Nodes of the release before call the same functions.
 */
import { takeSlotsOf } from "./shared-tables.ts";

const always = "language plpgsql security definer set search_path from current";

/** A lease is from now on when it is told: one that ends later than it lasts was told by another clock. Then nobody is known to be dead until all who live have said so. */
const heartbeat = `
create or replace function heartbeat_2(me int, p_reserved bigint)
returns table (is_steady boolean, is_chores boolean, living int, is_told boolean, now float8) ${always} as $$
#variable_conflict use_column
begin
  perform set_config('synchronous_commit', 'local', true);
  update node n set steady_since = clock_timestamp()
    where n.node_id = me and n.ended_at is null
      and (n.lease_until < clock_timestamp() + n.lease / 2 or n.lease_until > clock_timestamp() + n.lease);
  return query select h.is_steady, h.is_chores, h.living, h.is_told, extract(epoch from clock_timestamp())::float8 * 1000
    from heartbeat_1(me, p_reserved) h;
end $$;
`;

/** By one moment: the clock may go back meanwhile. */
const reap = `
create or replace function reap_1(me int) returns int ${always} as $$
#variable_conflict use_column
declare
  now_at timestamptz := clock_timestamp();
  dead int;
  ended int := 0;
begin
  perform 1 from node n where n.node_id = me and n.ended_at is null and n.lease_until > now_at
    and n.lease_until <= now_at + n.lease and n.steady_since <= now_at - n.lease;
  if not found then return 0; end if;
  for dead in
    select n.node_id from node n
      where n.ended_at is null and n.node_id <> me and (n.lease_until < now_at or n.lease_until > now_at + n.lease)
      for update skip locked
  loop
    if end_node_1(dead) then ended := ended + 1; end if;
  end loop;
  return ended;
end $$;
`;

/** Counts of the door are by no clock. */
const forget = `
create or replace function forget_minutes_1() returns void ${always} as $$
declare
  now_at bigint := floor(extract(epoch from clock_timestamp()))::bigint;
begin
  perform set_config('synchronous_commit', 'off', true);
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' minutes'));
  delete from minute m where m.at < now_at - 60 or m.at > now_at + 60;
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' door'));
  delete from pair p where p.open = 0 and p.changed_at < clock_timestamp() - interval '1 hour';
end $$;
`;

/** None is taken whose turn is more than a second off, so the next is due a minute after it at the latest, with one a minute. */
const pace = takeSlotsOf("create or replace", "not found or due > now_at + 120000");

export const clockBack18 = heartbeat + reap + forget + pace;
