/**
 * The ledger's steps, one after the other under one lock, so that a limit is never passed. Nothing here outlives the
 * server: counts are absolute and are told again.
 */

const always = "language plpgsql security definer set search_path from current";

const livingNodes = "node n where n.ended_at is null";

type Create = "create" | "create or replace";

interface DoorRows {
  /** A statement's part: the nodes that live, as `n`. */
  readonly living: string;
  /** Into `theirs` and `theirs_total`: what other nodes have of p and t, in their order. */
  readonly theirs: string;
  /** `mine` and `mine_total` are this node's from now on. */
  readonly keep: string;
}

/**
 * p: pairs of connector and source that were touched, with what this node has open of each; k: each pair's connector among
 * t, with all that this node has open of it. w: who waits at the door, in order, with pair and limits (core/policy/
 * connection-limits.ts is the rule). `p_all`: these are all pairs this node has.
 * `verdicts`: 1 let in, 0 not, for each who waits, with the counts it was held against; null: nobody can say yet, for not
 * every node has told its counts since the server began, and `tell`: this one is to tell all of its own.
 */
export const doorOf = (create: Create, { living, theirs, keep }: DoorRows, settings = ""): string => `
${create} function door_1(
  me int, p_all boolean, p_connector text[], p_source text[], p_own int[], p_k int[], t_connector text[], t_own int[],
  w_pair int[], w_max float8[], w_per_source float8[], w_percent float8[]
) returns table (tell boolean, verdicts int[], totals int[], sources int[]) ${always} ${settings} as $$
#variable_conflict use_column
declare
  theirs int[];
  theirs_total int[];
  mine int[] := p_own;
  mine_total int[] := t_own;
  waiting boolean := false;
  i int;
  k int;
  p int;
  total int;
  source int;
  allowed float8;
  let_in int[] := '{}';
  of_total int[] := '{}';
  of_source int[] := '{}';
  ok int;
begin
  perform set_config('synchronous_commit', 'off', true);
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' door'));
  perform 1 from node_commit nc where nc.node_id = me for key share;
  if not found then raise exception using errcode = 'WR001', message = 'this node was taken for dead'; end if;
  if p_all then
    delete from pair d where d.node_id = me;
    delete from total d where d.node_id = me;
    insert into boot values (me) on conflict do nothing;
  else
    perform 1 from boot b where b.node_id = me;
    if not found then
      return query select true, null::int[], null::int[], null::int[];
      return;
    end if;
  end if;
  if cardinality(w_pair) > 0 then
    waiting := exists (
      select 1 from ${living} and not exists (select 1 from boot b where b.node_id = n.node_id)
    );
    if not waiting then
      ${theirs}
      for i in 1 .. cardinality(w_pair) loop
        p := w_pair[i];
        k := p_k[p];
        total := theirs_total[k] + mine_total[k];
        source := theirs[p] + mine[p];
        allowed := w_max[i] - (total - source);
        if allowed < 'Infinity' then
          allowed := case when allowed <= 0 then 0 else greatest(1, floor(w_percent[i] * allowed / 100)) end;
        end if;
        ok := case when total >= w_max[i] or source >= w_per_source[i] or source >= allowed then 0 else 1 end;
        mine[p] := mine[p] + ok;
        mine_total[k] := mine_total[k] + ok;
        let_in := let_in || ok;
        of_total := of_total || total;
        of_source := of_source || source;
      end loop;
    end if;
  end if;
  ${keep}
  return query select false, case when waiting then null else let_in end, of_total, of_source;
end $$;

`;

const open = `
create function open_1() returns table (connector text, source text, open bigint)
language sql stable security definer set search_path from current as $$
  select p.connector, p.source, sum(p.open) from pair p group by p.connector, p.source
$$;
`;

const door = doorOf("create", {
  living: livingNodes,
  theirs: `
      select array_agg(coalesce(o.open, 0) order by u.n) into theirs
        from unnest(p_connector, p_source) with ordinality u(connector, source, n)
        left join lateral (
          select sum(q.open)::int as open from pair q
            where q.connector = u.connector and q.source = u.source and q.node_id <> me
        ) o on true;
      select array_agg(coalesce(o.open, 0) order by u.n) into theirs_total
        from unnest(t_connector) with ordinality u(connector, n)
        left join lateral (
          select sum(q.open)::int as open from total q where q.connector = u.connector and q.node_id <> me
        ) o on true;
  `,
  keep: `
  insert into pair as o (connector, source, node_id, open)
    select u.connector, u.source, me, u.open from unnest(p_connector, p_source, mine) u(connector, source, open)
      where u.open > 0
    on conflict (connector, source, node_id) do update set open = excluded.open;
  delete from pair o using unnest(p_connector, p_source, mine) u(connector, source, open)
    where u.open = 0 and o.connector = u.connector and o.source = u.source and o.node_id = me;
  insert into total as o (connector, node_id, open)
    select u.connector, me, u.open from unnest(t_connector, mine_total) u(connector, open)
    on conflict (connector, node_id) do update set open = excluded.open;
  `,
});

interface MinuteRows {
  /** As DoorRows. */
  readonly living: string;
  /** A statement's part: the row of a key, as `m`. */
  readonly of: (key: string) => string;
  /** A condition: `m` is the row of a key. */
  readonly isOf: (key: string) => string;
  readonly variables?: string;
  /** `held`, at `now_at`, is the count of `keys[i]` from now on. */
  readonly keep: string;
}

/**
 * c: events to be counted, in order; each is of one call, whose events are counted all or none. `b`: tokens that were
 * taken and not used, given back to the second they were taken in. `p_second`: null is the database's clock; else a test's.
 * For each call the first event whose limit is reached (0: none), and how many were counted before of that one, or of the
 * first. A block (`c_block`): so many more are taken ahead, where the limit is far: no more than an eighth of what is left
 * for each node.
 */
export const spendOf = (create: Create, { living, of, isOf, keep, variables = "" }: MinuteRows, settings = ""): string => `
${create} function spend_1(
  me int, p_second bigint, c_call int[], c_key text[], c_limit float8[], c_block boolean[],
  b_key text[], b_second bigint[], b_count int[]
) returns table (at bigint, refused int[], seen int[], blocks int[]) ${always} ${settings} as $$
#variable_conflict use_column
declare
  now_at bigint := coalesce(p_second, floor(extract(epoch from clock_timestamp()))::bigint);
  keys text[];
  rows_at bigint[] := '{}';
  sums int[] := '{}';
  adds int[] := '{}';
  held int[];
  held_at bigint;
  living int;
  i int := 1;
  j int;
  k int;
  last int;
  stop_at int;
  first_seen int;
  block int;
  no_of int[] := '{}';
  seen_of int[] := '{}';
  block_of int[] := '{}';${variables}
begin
  perform set_config('synchronous_commit', 'off', true);
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' minutes'));
  perform 1 from node_commit nc where nc.node_id = me for key share;
  if not found then raise exception using errcode = 'WR001', message = 'this node was taken for dead'; end if;
  select count(*) into living from ${living};
  update minute m set counts[(g.at % 60)::int + 1] = greatest(0, m.counts[(g.at % 60)::int + 1] - g.n)
    from (
      select u.key, u.at, sum(u.n)::int as n from unnest(b_key, b_second, b_count) u(key, at, n) group by u.key, u.at
    ) g
    where ${isOf("g.key")} and g.at <= m.at and m.at - g.at < 60 and g.at > now_at - 60;
  select array_agg(distinct u) into keys from unnest(c_key) u;
  for i in 1 .. coalesce(cardinality(keys), 0) loop
    select m.counts, m.at into held, held_at from ${of("keys[i]")};
    if not found then
      sums := sums || 0;
    else
      -- A slot counts while its second is of the sixty that end now.
      sums := sums || (
        select coalesce(sum(held[s + 1]), 0)::int from generate_series(0, 59) s
          where held_at - ((held_at % 60) - s + 60) % 60 > now_at - 60
      );
    end if;
    adds := adds || 0;
  end loop;
  i := 1;
  while i <= cardinality(c_call) loop
    last := i;
    while last < cardinality(c_call) and c_call[last + 1] = c_call[i] loop last := last + 1; end loop;
    stop_at := 0;
    first_seen := null;
    block := 0;
    for j in i .. last loop
      k := array_position(keys, c_key[j]);
      if sums[k] >= c_limit[j] then
        stop_at := j - i + 1;
        first_seen := sums[k];
        exit;
      end if;
      first_seen := coalesce(first_seen, sums[k]);
    end loop;
    if stop_at = 0 then
      for j in i .. last loop
        k := array_position(keys, c_key[j]);
        sums[k] := sums[k] + 1;
        adds[k] := adds[k] + 1;
      end loop;
      if c_block[i] and last = i and c_limit[i] < 'Infinity' then
        k := array_position(keys, c_key[i]);
        block := floor((c_limit[i] - sums[k]) / (8 * greatest(1, living)));
        sums[k] := sums[k] + block;
        adds[k] := adds[k] + block;
      end if;
    end if;
    no_of := no_of || stop_at;
    seen_of := seen_of || coalesce(first_seen, 0);
    block_of := block_of || block;
    i := last + 1;
  end loop;
  for i in 1 .. coalesce(cardinality(keys), 0) loop
    if adds[i] > 0 then
      select m.counts, m.at into held, held_at from ${of("keys[i]")};
      if not found or held_at <= now_at - 60 then
        held := array_fill(0, array[60]);
      elsif held_at < now_at then
        for j in 1 .. (now_at - held_at)::int loop held[((held_at + j) % 60)::int + 1] := 0; end loop;
      end if;
      held[(now_at % 60)::int + 1] := held[(now_at % 60)::int + 1] + adds[i];
      ${keep}
    end if;
  end loop;
  return query select now_at, no_of, seen_of, block_of;
end $$;
`;

const spend = spendOf("create", {
  living: livingNodes,
  of: (key) => `minute m where m.key = ${key}`,
  isOf: (key) => `m.key = ${key}`,
  keep: `
      insert into minute as m (key, at, counts) values (keys[i], now_at, held)
        on conflict (key) do update set at = excluded.at, counts = excluded.counts;
  `,
});

const forget = `
create function forget_minutes_1() returns void ${always} as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' minutes'));
  delete from minute m where m.at < floor(extract(epoch from clock_timestamp()))::bigint - 60;
end $$;
`;

export const ledgerFunctions1 = door + open + spend + forget;
