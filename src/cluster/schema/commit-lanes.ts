/**
 * Version 15: commits of a node two at a time, each a lane with a row of its own in node_commit, and a commit that costs less:
 * what most mail needs is three statements, numbers come in one array a kind. Measured in docs/decisions/0087.
 *
 * A node's right to hold mail is all its rows there: whoever ends it waits for none, and takes them all.
 */
import { durable } from "./doubts.ts";

const always = `language plpgsql security definer set search_path from current`;

/**
 * Without these a plan that was made for an empty table is kept for a full one; or a plan is made for each call, with a copy of all mail
 * in it, because a server takes what it sees for cheaper than what it does not.
 */
const byIndex = `set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set enable_bitmapscan = off set plan_cache_mode = force_generic_plan`;

const table = `
alter table node_commit add column lane int not null default 0;
alter table node_commit drop constraint node_commit_pkey;
alter table node_commit add primary key (node_id, lane);
`;

/** As `register_2`, with so many lanes. */
const register = `
create function register_3(
  p_name text, p_installation text, p_process text, p_again boolean, p_lease_ms float8, p_version text, p_lanes int
) returns table (node_id int, slot int, id_floor bigint, is_chores boolean) ${always} as $$
#variable_conflict use_column
declare
  came record;
begin
  select * into came from register_2(p_name, p_installation, p_process, p_again, p_lease_ms, p_version);
  insert into node_commit (node_id, lane) select came.node_id, n from generate_series(1, p_lanes - 1) n;
  return query select came.node_id, came.slot, came.id_floor, came.is_chores;
end $$;
`;

/** The fields of kind `of`, with `width` numbers each, as columns; `i` is which. */
const columns = (of: string, width: number, names: string): string =>
  names
    .split(" ")
    .map((name, at) => {
      const [column = "", type = ""] = name.split(":");
      const value = `${of}[${width} * i - ${width - 1 - at}]`;
      return `${type === "" ? value : `${value}::${type}`} as ${column}`;
    })
    .join(", ");
const each = (of: string, width: number): string => `generate_series(1, coalesce(cardinality(${of}), 0) / ${width}) i`;

/**
 * The entry of a claim. Old versions of rows cost nothing while claims come first and each finds its own by its key. A server that knows of no rows, for
 * all are dead, would rather begin with those there are, and read through the old versions of all; by `=` it could. For the same reason
 * lists of ids are arrays here, and what has `offset 0` is asked for each row.
 */
const isEntry = "e.id >= c.id and e.id <= c.id and e.queue = c.e_queue";

const accepts = `select ${columns("p_accepts", 6, "id:bigint arrived owned at:int len:int claim:int")} from ${each("p_accepts", 6)}`;
const ends = `select i, e_queue, ${columns("p_ends", 8, "id:bigint was:int due at:int len:int arrived shared large")}
        from unnest(p_queues) with ordinality q(e_queue, i)`;
const moves = `select m_queue, ${columns("p_moves", 5, "claim:int due at:int len:int round:int")}
        from unnest(p_move_queues) with ordinality q(m_queue, i)`;
const answers = `select ${columns("p_answers", 3, "at:int len:int until")} from ${each("p_answers", 3)}`;

interface CommitTurn {
  readonly variables?: string;
  /** That this node may commit, and what this call has been answered if it was made before. */
  readonly begin: string;
  /** Keeps `told`. */
  readonly answer: string;
}

/**
 * A group's commit, in a lane. Numbers of a kind stand in one array, so many each; what there is none of is null.
 * `p_plain`: messages that this node took fresh, that nobody else ever had something of, and that are finished.
 * `p_ends`: other claims that end: id, octets of state when it was claimed (-1 none), when the rest is due, where its state
 * stands in `blob` (-1: left as it is; -2: nothing is left) and its octets, arrival, and whether it may stand in other queues and has chunks;
 * `p_shared`, `p_large`: one of them may, has.
 * `p_moves`: what they put into other queues: which of them, due, place, octets, round. `p_accepts`: id, arrival, whether
 * it is this node's, place, octets, and the claim it goes with (0: none). `p_chunks`: id and how many. `p_answers`: place, octets, how long.
 *
 * A call is done once in its lane: made again with its number it gets the first one's answer. That is the ends that were lost, how many answers
 * are new, and the plain ones that were lost: `3,7|1|2`; counted from one.
 */
export const commitLanesOf = (
  create: "create" | "create or replace",
  named: string,
  { variables = "", begin, answer }: CommitTurn,
): string => `
${create} function ${named}(
  me int, p_lane int, p_seq bigint, p_plain bigint[], p_accepts float8[], p_ends float8[], p_queues text[],
  p_moves float8[], p_move_queues text[], p_chunks float8[], p_answers float8[], p_shared boolean, p_large boolean, blob bytea
) returns text ${always} ${byIndex} as $$
#variable_conflict use_column
declare
  plain bigint[];
  ended int[] := '{}';
  part int[];
  gone bigint[];
  claims int := coalesce(cardinality(p_queues), 0);
  every boolean := true;
  every_plain boolean := true;
  fresh bigint := 0;
  told text;${variables}
begin${durable}
${begin}
  if p_plain is not null then
    with d as (
      delete from entry e
        where e.id = any(p_plain) and e.queue = '' and e.owner = me and e.state is null
        returning e.id
    ), g as (
      delete from message m
        where m.id = any(array(select d.id from d))
          and not exists (select 1 from entry o where o.id = m.id and o.queue > '' offset 0)
    )
    select array_agg(d.id) into plain from d;
    every_plain := coalesce(cardinality(plain), 0) = cardinality(p_plain);
  end if;

  if claims > 0 then
    if p_shared then
      perform 1 from message m
        where m.id = any(array(select c.id from (${ends}) c where c.shared = 1))
        order by m.id for update;
    end if;
    with c as (${ends}), d as (
      delete from entry e using c
        where c.at = -2 and ${isEntry} and e.owner = me
          and coalesce(octet_length(e.state), -1) = c.was
        returning c.i
    )
    select array_agg(d.i::int) into part from d;
    ended := coalesce(part, '{}');
    if cardinality(ended) < claims then
      with c as (${ends}), u as (
        update entry e set
          owner = null, rev = e.rev + 1, merged_due = null,
          state = case when c.at = -1 then e.state else
            case when c.at >= 0 then substring(blob from c.at + 1 for c.len) else ''::bytea end
              || case when c.was >= 0 then substring(e.state from c.was + 1) else ''::bytea end end,
          due_at = least(case c.at when -1 then e.due_at when -2 then 'Infinity' else c.due end,
            coalesce(e.merged_due, 'Infinity'))
          from c
          where ${isEntry} and e.owner = me and not (c.i = any(ended))
          returning c.i
      )
      select array_agg(u.i::int) into part from u;
      ended := ended || coalesce(part, '{}');
      every := cardinality(ended) = claims;
    end if;
    if p_moves is not null then
      for r in 0 .. (select max(m.round) from (${moves}) m) loop
        insert into entry as e (id, queue, due_at, state, arrived_at)
          select p_ends[8 * m.claim - 7]::bigint, m.m_queue, m.due, substring(blob from m.at + 1 for m.len),
              p_ends[8 * m.claim - 2]
            from (${moves}) m
            where m.round = r and (every or m.claim = any(ended))
        on conflict (id, queue) do update set
          state = coalesce(e.state, '') || excluded.state,
          rev = e.rev + 1,
          due_at = case when e.owner is null then least(e.due_at, excluded.due_at) else e.due_at end,
          merged_due = case when e.owner is null then null
            else least(coalesce(e.merged_due, 'Infinity'), excluded.due_at) end;
      end loop;
    end if;
    with g as (
      delete from message m
        where m.id = any(array(select c.id from (${ends}) c where c.at = -2 and (every or c.i = any(ended))))
          and not exists (select 1 from entry e where e.id = m.id offset 0)
        returning m.id
    )
    select array_agg(g.id) into gone from g;
    if p_large then
      delete from body b where b.id = any(array(select c.id from (${ends}) c where c.large = 1 and c.id = any(gone)));
    end if;
  end if;

  if p_accepts is not null then
    insert into message (id, record)
      select a.id, substring(blob from a.at + 1 for a.len) from (${accepts}) a
        where a.claim = 0 or every or a.claim = any(ended);
    insert into entry (id, queue, due_at, owner, arrived_at)
      select a.id, '', a.arrived, case when a.owned = 1 then me end, a.arrived from (${accepts}) a
        where a.claim = 0 or every or a.claim = any(ended);
    if p_chunks is not null then
      for told in
        select c.id::text from (select ${columns("p_chunks", 2, "id:bigint chunks")} from ${each("p_chunks", 2)}) c
        where c.chunks <> (select count(*) from body b where b.id = c.id)
          and exists (select 1 from message m where m.id = c.id offset 0)
      loop
        raise exception using errcode = 'WR002', message = 'the content of message ' || told || ' is not whole';
      end loop;
    end if;
  end if;

  if p_answers is not null then
    with t as (
      delete from answer_turn o
        where o.hash = any(array(select substring(blob from n.at + 1 for 32) from (${answers}) n)) and o.node_id = me
        returning 1
    )
    select count(*) into fresh from t;
    if fresh < cardinality(p_answers) / 3 then
      raise exception using errcode = 'WR005', message = 'another node may have answered under this key meanwhile';
    end if;
    with w as (
      insert into answer as o (hash, record, kept_until)
        select substring(blob from n.at + 1 for 32), substring(blob from n.at + 33 for n.len), n.until from (${answers}) n
      on conflict (hash) do update set record = excluded.record, kept_until = excluded.kept_until
      returning (o.xmax = 0) as is_new
    )
    select count(*) into fresh from w where w.is_new;
  end if;

  if every and every_plain and fresh = 0 then return '|0'; end if;
  select coalesce(string_agg(n::text, ','), '') || '|' || fresh into told
    from generate_series(1, claims) n where not (n = any(ended));
  if not every_plain then
    select told || '|' || string_agg(u.n::text, ',') into told
      from unnest(p_plain) with ordinality u(id, n) where not (u.id = any(coalesce(plain, '{}')));
  end if;
  ${answer}
  return told;
end $$;
`;

/** As of version 15: the row that is a node's right is written by each commit. */
const inPlace: CommitTurn = {
  begin: `
  update node_commit nc set seq = p_seq, answer = '|0' where nc.node_id = me and nc.lane = p_lane and nc.seq < p_seq;
  if not found then
    -- It is written once more, so that its commit waits for the standby as the first one did.
    update node_commit nc set answer = nc.answer where nc.node_id = me and nc.lane = p_lane and nc.seq = p_seq
      returning nc.answer into told;
    if found then return told; end if;
    raise exception using errcode = 'WR001', message = 'this node was taken for dead';
  end if;
`,
  answer: "update node_commit nc set answer = told where nc.node_id = me and nc.lane = p_lane;",
};

export const commit4 = (create: "create" | "create or replace"): string => commitLanesOf(create, "commit_4", inPlace);

export const commitLanes15 = table + register + commit4("create");
