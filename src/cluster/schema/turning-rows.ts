/**
 * Version 17: rows that are written over and over keep their speed while somebody has a transaction open. Until that ends no old version
 * of a row goes away, and whoever looks a row up reads through all of them: the thousandth write costs a thousand. So such a row turns
 * over: after so many writes it goes on under a new key, the highest, and is looked for from there down. Where nothing
 * keeps old versions nothing changes: a row is written in its place. Why and what was measured: docs/decisions/0087.
 *
 * Counts are in tables that both releases have, so the functions of before are replaced by these. A call of one of those that is
 * under way fails at the new keys and is made again.
 */
import { claimDue17 } from "./claims.ts";
import { commit4, commitLanesOf } from "./commit-lanes.ts";
import { doorOf, spendOf } from "./ledger-functions.ts";
import { endNodeOf } from "./node-functions.ts";
import { forgetsPlaces } from "./outbound-places.ts";

const always = "language plpgsql security definer set search_path from current";

/** From a plan that was made for few rows, or that begins at the wrong end, all old versions would be read. */
const fromTheTop = `set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off
  set enable_mergejoin = off set plan_cache_mode = force_generic_plan`;

const writesOfTurn = 64;

/** The first waits until no step of the functions of before is under way. */
const tables = `
select pg_advisory_xact_lock(hashtext(current_schema() || ' minutes'));
select pg_advisory_xact_lock(hashtext(current_schema() || ' door'));

create table commit_turn (
  node_id int not null,
  lane int not null,
  turn bigint not null,
  seq bigint not null,
  answer text not null,
  primary key (node_id, lane, turn)
) with (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

create sequence ledger_turn;
alter table pair add column turn bigint not null default 0, add column writes int not null default 0,
  add column changed_at timestamptz not null default clock_timestamp();
alter table pair drop constraint pair_pkey;
alter table pair add primary key (connector, source, node_id, turn);
alter table total add column turn bigint not null default 0, add column writes int not null default 0;
alter table total drop constraint total_pkey;
alter table total add primary key (connector, node_id, turn);
alter table minute add column turn bigint not null default 0, add column writes int not null default 0;
alter table minute drop constraint minute_pkey;
alter table minute add primary key (key, turn);
`;

/**
 * The lane's row in node_commit is this node's right, and is locked but not written any more. `p_seq` says which row of
 * commit_turn: so nothing is looked for.
 */
const turnOfCommit = `
  perform 1 from node_commit nc where nc.node_id = me and nc.lane = p_lane for no key update;
  if not found then raise exception using errcode = 'WR001', message = 'this node was taken for dead'; end if;
  update commit_turn t set seq = p_seq, answer = '|0'
    where t.node_id = me and t.lane = p_lane and t.turn = p_seq / ${writesOfTurn} and t.seq < p_seq;
  if not found then
    select t.turn, t.seq into last_turn, last_seq from commit_turn t
      where t.node_id = me and t.lane = p_lane order by t.turn desc limit 1;
    if last_seq = p_seq then
      -- It is written once more, so that its commit waits for the standby as the first one did.
      update commit_turn t set answer = t.answer
        where t.node_id = me and t.lane = p_lane and t.turn = last_turn returning t.answer into told;
      return told;
    elsif last_seq > p_seq then
      raise exception using errcode = 'WR001', message = 'this node was taken for dead';
    end if;
    insert into commit_turn (node_id, lane, turn, seq, answer) values (me, p_lane, p_seq / ${writesOfTurn}, p_seq, '|0');
    delete from commit_turn t where t.node_id = me and t.lane = p_lane and t.turn = last_turn;
  end if;
`;

/** Nodes of the release before go on with theirs, which finds its rows as this one does. */
const commit = commit4("create or replace") + commitLanesOf("create", "commit_5", {
  variables: `
  last_turn bigint;
  last_seq bigint;`,
  begin: turnOfCommit,
  answer: `update commit_turn t set answer = told
    where t.node_id = me and t.lane = p_lane and t.turn = p_seq / ${writesOfTurn};`,
});

/** By node_commit, which a heartbeat does not write. */
const livingNodes = "node_commit n where n.lane = 0";

/** What the others have of `u`: of each node the row on top. */
const ofOthers = (table: string, where: string): string => `
        left join lateral (
          select sum(x.open)::int as open from node_commit nc cross join lateral (
            select q.open from ${table} q where ${where} and q.node_id = nc.node_id order by q.turn desc limit 1
          ) x where nc.lane = 0 and nc.node_id <> me
        ) o on true;`;

/**
 * Counts of this node, `from` as u. One that has ended stays as a row of 0: where there is none, all old versions are read to know it.
 * What stands there already is not written.
 */
const keepCounts = (table: string, keys: string, where: string, from: string): string => `
  with u as materialized (
    select u.*, o.place, o.turn, o.writes, o.open as was from ${from}
      left join lateral (
        select q.ctid as place, q.turn, q.writes, q.open from ${table} q where ${where} and q.node_id = me
          order by q.turn desc limit 1
      ) o on true
  ), w as (
    update ${table} q set open = u.open, writes = u.writes + 1${table === "pair" ? ", changed_at = clock_timestamp()" : ""} from u
      where q.ctid = u.place and u.writes < ${writesOfTurn} and u.open <> u.was
  ), g as (
    delete from ${table} q using u where q.ctid = u.place and u.writes >= ${writesOfTurn} and u.open <> u.was
  )
  insert into ${table} (${keys}, node_id, open, turn)
    select ${keys
      .split(", ")
      .map((key) => `u.${key}`)
      .join(", ")}, me, u.open, nextval('ledger_turn') from u
      where (u.place is null and u.open > 0) or (u.writes >= ${writesOfTurn} and u.open <> u.was);`;

const ofPair = "q.connector = u.connector and q.source = u.source";
const ofTotal = "q.connector = u.connector";

const door = doorOf(
  "create or replace",
  {
    living: livingNodes,
    theirs: `
      select array_agg(coalesce(o.open, 0) order by u.n) into theirs
        from unnest(p_connector, p_source) with ordinality u(connector, source, n)${ofOthers("pair", ofPair)}
      select array_agg(coalesce(o.open, 0) order by u.n) into theirs_total
        from unnest(t_connector) with ordinality u(connector, n)${ofOthers("total", ofTotal)}`,
    keep:
      keepCounts("pair", "connector, source", ofPair, "unnest(p_connector, p_source, mine) u(connector, source, open)") +
      keepCounts("total", "connector", ofTotal, "unnest(t_connector, mine_total) u(connector, open)"),
  },
  fromTheTop,
);

const open = `
create or replace function open_1() returns table (connector text, source text, open bigint)
language sql stable security definer set search_path from current as $$
  select p.connector, p.source, sum(p.open) from pair p where p.open > 0 group by p.connector, p.source
$$;
`;

const spend = spendOf(
  "create or replace",
  {
    living: livingNodes,
    of: (key) => `minute m where m.key = ${key} order by m.turn desc limit 1`,
    isOf: (key) => `m.ctid = (select x.ctid from minute x where x.key = ${key} order by x.turn desc limit 1)`,
    variables: `
  place tid;
  written int;`,
    keep: `
      select m.ctid, m.writes into place, written from minute m where m.key = keys[i] order by m.turn desc limit 1;
      if written < ${writesOfTurn} then
        update minute m set at = now_at, counts = held, writes = m.writes + 1 where m.ctid = place;
      else
        delete from minute m where m.ctid = place;
        insert into minute (key, at, counts, turn) values (keys[i], now_at, held, nextval('ledger_turn'));
      end if;`,
  },
  fromTheTop,
);

/** Counts of 0 as well, when nobody came for an hour. */
const forget = `
create or replace function forget_minutes_1() returns void ${always} as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' minutes'));
  delete from minute m where m.at < floor(extract(epoch from clock_timestamp()))::bigint - 60;
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' door'));
  delete from pair p where p.open = 0 and p.changed_at < clock_timestamp() - interval '1 hour';
end $$;
`;

const endNode = endNodeOf(
  "create or replace",
  `${forgetsPlaces}
  delete from commit_turn t where t.node_id = p_node;`,
);

export const turningRows17 = tables + commit + claimDue17 + door + open + spend + forget + endNode;
