/** Version 12: what nodes tell people once. Why it is so stands in docs/decisions/0084. */

const always = "language plpgsql security definer set search_path from current";

/** When who was seen, on any node; and what is told, until it is over. */
const tables = `
create table sender_seen (
  who text collate "C" primary key,
  first_at float8 not null,
  last_at float8 not null
) with (fillfactor = 70);
create table finding_told (
  key text collate "C" primary key,
  at float8 not null,
  node text not null
);
create unlogged table notice_told (
  key text collate "C" primary key,
  at timestamptz not null,
  node text not null
);
`;

const dayMs = 86_400_000;
/** A finding whose end nobody told is over by then. */
const longestMs = `case b_kind[i] when 'newSender' then 8 when 'silentLoss' then 8 when 'unusualVolume' then 2 else 90 end * ${dayMs}::float8`;

/**
 * First who was seen, then what begins: 0 tell, 1 told or known better, 2 not yet; then what is over: 0 tell, 1 not. Who was seen
 * before elsewhere is not new; who is seen elsewhere is not silent, and may have come there again with what was refused here.
 */
const findings = `
create function judge_findings_1(
  p_node text, p_now float8, s_who text[], s_first float8[], s_last float8[],
  b_key text[], b_kind text[], b_who text[], b_since float8[], b_last float8[], b_patience float8[], o_key text[]
) returns table (is_over boolean, n int, verdict int) ${always} as $$
#variable_conflict use_column
declare
  seen record;
begin
  perform set_config('synchronous_commit', 'off', true);
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' findings'));
  insert into sender_seen as s (who, first_at, last_at)
    select u.who, min(u.first_at), max(u.last_at) from unnest(s_who, s_first, s_last) u(who, first_at, last_at) group by u.who
    on conflict (who) do update
    set first_at = least(s.first_at, excluded.first_at), last_at = greatest(s.last_at, excluded.last_at)
    where excluded.last_at > s.last_at or excluded.first_at < s.first_at;
  for i in 1 .. coalesce(cardinality(b_key), 0) loop
    select s.first_at, s.last_at into seen from sender_seen s where s.who = b_who[i];
    if found and b_kind[i] = 'newSender' and seen.first_at < b_since[i] - 60000 then
      return query select false, i, 1;
    elsif found and b_kind[i] = 'silentLoss' and seen.last_at > b_last[i] + 60000 then
      return query select false, i, 1;
    elsif found and b_kind[i] = 'silentSender' and p_now - seen.last_at < b_patience[i] then
      return query select false, i, 2;
    else
      insert into finding_told as f (key, at, node) values (b_key[i], p_now, p_node)
        on conflict (key) do update set at = excluded.at, node = excluded.node
        where f.at < p_now - ${longestMs} or (b_kind[i] = 'silentSender' and f.at < seen.last_at);
      return query select false, i, case when found then 0 else 1 end;
    end if;
  end loop;
  for i in 1 .. coalesce(cardinality(o_key), 0) loop
    delete from finding_told f where f.key = o_key[i];
    return query select true, i, case when found then 0 else 1 end;
  end loop;
  delete from sender_seen s where s.who in (
    select o.who from sender_seen o where o.last_at < p_now - 90 * ${dayMs}::float8 limit 100
  );
end $$;
`;

const claim = `
create function claim_notices_1(p_node text, p_key text[], p_ms float8[]) returns table (n int) ${always} as $$
#variable_conflict use_column
begin
  perform set_config('synchronous_commit', 'off', true);
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' notices'));
  for i in 1 .. coalesce(cardinality(p_key), 0) loop
    insert into notice_told as t (key, at, node) values (p_key[i], clock_timestamp(), p_node)
      on conflict (key) do update set at = excluded.at, node = excluded.node
      where t.node = p_node or t.at < clock_timestamp() - p_ms[i] * interval '1 ms';
    if found then return query select i; end if;
  end loop;
  delete from notice_told t where t.at < clock_timestamp() - interval '2 days';
end $$;
`;

export const notices12 = tables + findings + claim;
