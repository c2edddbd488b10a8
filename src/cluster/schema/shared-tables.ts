/** Version 7: what nodes share beside mail, counts of connections and configuration. Why it is so stands in docs/decisions/0079. */
import { mayAct } from "./node-functions.ts";
import { commitOf } from "./spool-functions.ts";

const always = "language plpgsql security definer set search_path from current";

/**
 * Suspended queues. One whose place another queue took stays as a row that says so: a node that has not applied that
 * configuration yet goes on holding it.
 */
const suspensions = `
create table suspended_queue (
  queue text collate "C" primary key,
  since timestamptz not null default clock_timestamp(),
  successor text
);

create function suspend_queue_1(p_queue text, p_on boolean) returns boolean ${always} as $$
declare
  was boolean;
begin
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' suspensions'));
  was := exists (select 1 from suspended_queue s where s.queue = p_queue and s.successor is null);
  if p_on then
    -- Written also where it stands there: this commit too waits for the standby.
    insert into suspended_queue as s (queue) values (p_queue)
      on conflict (queue) do update set successor = null;
  else
    delete from suspended_queue s where s.queue = p_queue;
  end if;
  delete from suspended_queue s where s.successor is not null and s.since < clock_timestamp() - interval '1 day';
  return was <> p_on;
end $$;

create function carry_suspension_1(p_from text, p_to text) returns boolean ${always} as $$
begin
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' suspensions'));
  update suspended_queue s set successor = p_to, since = clock_timestamp()
    where s.queue = p_from and s.successor is null;
  if not found then return false; end if;
  insert into suspended_queue as s (queue) values (p_to) on conflict (queue) do update set successor = null;
  return true;
end $$;
`;

/** Sources in discredit. Numbered in the order of their commits, so that a look asks for what is new. */
const discredits = `
create sequence discredit_number;
create unlogged table discredit (
  connector text not null,
  source text not null,
  until timestamptz not null,
  number bigint not null,
  primary key (connector, source)
);
create index discredit_news on discredit (number);

create function discredit_1(p_connector text[], p_source text[], p_ms float8[]) returns void ${always} as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' discredits'));
  insert into discredit as d (connector, source, until, number)
    select u.connector, u.source, clock_timestamp() + u.ms * interval '1 ms', nextval('discredit_number')
      from unnest(p_connector, p_source, p_ms) u(connector, source, ms)
    on conflict (connector, source) do update set until = excluded.until, number = excluded.number;
  delete from discredit d where d.until < clock_timestamp() - interval '1 minute';
end $$;
`;

/** Whose turn it is under the key of an answer. Whoever has none may not keep one: \`commit_2\`. */
const turns = `
create unlogged table answer_turn (
  hash bytea primary key,
  node_id int not null
) with (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

create function ask_answer_1(me int, p_hash bytea, p_now float8) returns table (state text, record bytea) ${always} as $$
#variable_conflict use_column
declare
  kept bytea;
  holder int;
begin
  select a.record into kept from answer a where a.hash = p_hash and a.kept_until > p_now;
  if found then
    return query select 'answered', kept;
    return;
  end if;
  perform set_config('synchronous_commit', 'off', true);
  ${mayAct}
  insert into answer_turn (hash, node_id) values (p_hash, me) on conflict do nothing;
  if not found then
    select t.node_id into holder from answer_turn t where t.hash = p_hash for update;
    if found and holder <> me and exists (select 1 from node_commit nc where nc.node_id = holder) then
      return query select 'running', null::bytea;
      return;
    end if;
    insert into answer_turn (hash, node_id) values (p_hash, me) on conflict (hash) do update set node_id = me;
  end if;
  -- The first one's commit, which ended its turn, may have been waited for just now.
  select a.record into kept from answer a where a.hash = p_hash and a.kept_until > p_now;
  if found then
    delete from answer_turn t where t.hash = p_hash;
    return query select 'answered', kept;
    return;
  end if;
  return query select 'first', null::bytea;
end $$;

create function end_turns_1(me int, p_hashes text[]) returns void ${always} as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  delete from answer_turn t using unnest(p_hashes) u(hash) where t.hash = decode(u.hash, 'hex') and t.node_id = me;
end $$;

create function turn_runs_1(p_hash bytea) returns boolean
language sql stable security definer set search_path from current as $$
  select exists (
    select 1 from answer_turn t join node_commit nc on nc.node_id = t.node_id where t.hash = p_hash
  )
$$;
`;

export const endTurns = `
    with t as (
      delete from answer_turn o using unnest(n_at) n(at)
        where o.hash = substring(blob from n.at + 1 for 32) and o.node_id = me
        returning 1
    )
    select count(*) into fresh from t;
    if fresh < cardinality(n_at) then
      raise exception using errcode = 'WR005', message = 'another node may have answered under this key meanwhile';
    end if;
`;

/**
 * Recipients of 24 hours by quarters of an hour, as core/policy/recipients-day.ts counts them. A node takes some ahead, which
 * count as used until it gives them back. b: what is wanted of each key, all of it or nothing; \`alone\`: more than the
 * limit at once is given where nothing is counted at all. g: what is given back. For each of b what was given, and the
 * day as it stands then. Durable: what was sent is counted over failovers.
 */
const days = `
create table day_count (
  key text not null,
  quarter float8 not null,
  recipients bigint not null,
  primary key (key, quarter)
) with (fillfactor = 70);

create function borrow_day_1(
  me int, p_now float8, b_key text[], b_want int[], b_limit float8[], b_alone boolean[],
  g_key text[], g_quarter float8[], g_count int[]
) returns table (n int, granted int, quarters float8[], counts float8[]) ${always} as $$
#variable_conflict use_column
declare
  quarter_ms constant float8 := 900000;
  now_quarter float8 := floor(p_now / 900000) * 900000;
  living int;
  used bigint;
  room float8;
  give int;
begin
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' days'));
  ${mayAct}
  select count(*) into living from node x where x.ended_at is null;
  update day_count d set recipients = greatest(0, d.recipients - u.n)
    from (
      select g.key, g.quarter, sum(g.n)::bigint as n
        from unnest(g_key, g_quarter, g_count) g(key, quarter, n) group by g.key, g.quarter
    ) u where d.key = u.key and d.quarter = u.quarter;
  for i in 1 .. coalesce(cardinality(b_key), 0) loop
    delete from day_count d where d.key = b_key[i]
      and (d.quarter + quarter_ms + 86400000 <= p_now or d.recipients = 0);
    select coalesce(sum(d.recipients), 0) into used from day_count d where d.key = b_key[i];
    room := b_limit[i] - used;
    give := 0;
    if b_want[i] > 0 and (b_want[i] <= room or (b_alone[i] and used = 0)) then
      give := greatest(b_want[i], case when b_limit[i] = 'Infinity' then 0
        else least(1000, floor(room / (8 * greatest(1, living))))::int end);
      insert into day_count as d (key, quarter, recipients) values (b_key[i], now_quarter, give)
        on conflict (key, quarter) do update set recipients = d.recipients + excluded.recipients;
    end if;
    return query
      select i, give, coalesce(array_agg(d.quarter order by d.quarter), '{}'),
          coalesce(array_agg(d.recipients::float8 order by d.quarter), '{}')
        from day_count d where d.key = b_key[i];
  end loop;
end $$;
`;

/**
 * The pace of what is sent (core/policy/send-pace.ts): when the next is due by it. A node takes as many as it wants, and no
 * more than its part of a second's; for each key the first one's time, from now on, and how many.
 */
const pace = `
create unlogged table send_pace (
  key text primary key,
  due_at float8 not null
) with (fillfactor = 50);
${takeSlotsOf("create", "not found")}`;

/** `isUnknown`: a condition: nothing is known of what went before. */
export function takeSlotsOf(create: "create" | "create or replace", isUnknown: string): string {
  return `
${create} function take_slots_1(
  me int, p_now float8, p_key text[], p_interval float8[], p_burst int[], p_want int[]
) returns table (n int, due_in float8, slots int) ${always} as $$
#variable_conflict use_column
declare
  now_at float8 := coalesce(p_now, extract(epoch from clock_timestamp()) * 1000);
  living int;
  due float8;
  take int;
begin
  perform set_config('synchronous_commit', 'off', true);
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' paces'));
  ${mayAct}
  select count(*) into living from node x where x.ended_at is null;
  for i in 1 .. coalesce(cardinality(p_key), 0) loop
    select p.due_at into due from send_pace p where p.key = p_key[i];
    -- Nothing is known of what went before: one at once, the rest by the pace.
    if ${isUnknown} then due := now_at + (p_burst[i] - 1) * p_interval[i]; end if;
    due := greatest(due, now_at);
    take := least(p_want[i], greatest(1, ceil(1000 / p_interval[i] / greatest(1, living))::int));
    -- None is taken whose turn is further off: it would be others' meanwhile.
    take := least(take, greatest(0, floor((now_at + 1000 - (due - (p_burst[i] - 1) * p_interval[i])) / p_interval[i])::int + 1));
    if take > 0 then
      insert into send_pace as p (key, due_at) values (p_key[i], due + take * p_interval[i])
        on conflict (key) do update set due_at = excluded.due_at;
    end if;
    return query select i, due - now_at, take;
  end loop;
  delete from send_pace p where p.due_at < now_at - 3600000;
end $$;
`;
}

/** Policies of MTA-STS. \`until\` below \`fetched_at\` is one that ended at once. Numbered as discredits are. */
const policies = `
create sequence mta_sts_number;
create table mta_sts_policy (
  domain text collate "C" primary key,
  text text not null,
  id text,
  fetched_at float8 not null,
  until float8 not null,
  number bigint not null
);
create index mta_sts_news on mta_sts_policy (number);
create unlogged table mta_sts_fetch (
  domain text collate "C" primary key,
  node_id int not null,
  until timestamptz not null
);

create function keep_policy_1(p_domain text, p_text text, p_id text, p_fetched float8, p_until float8)
returns void ${always} as $$
begin
  perform pg_advisory_xact_lock(hashtext(current_schema() || ' policies'));
  insert into mta_sts_policy as m (domain, text, id, fetched_at, until, number)
    values (p_domain, p_text, p_id, p_fetched, p_until, nextval('mta_sts_number'))
    on conflict (domain) do update set text = excluded.text, id = excluded.id, fetched_at = excluded.fetched_at,
      until = excluded.until, number = excluded.number
    where excluded.fetched_at >= m.fetched_at;
end $$;

create function begin_fetch_1(me int, p_domain text, p_ms float8) returns boolean ${always} as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  insert into mta_sts_fetch as f (domain, node_id, until)
    values (p_domain, me, clock_timestamp() + p_ms * interval '1 ms')
    on conflict (domain) do update set node_id = me, until = excluded.until
    where f.until < clock_timestamp() or f.node_id = me
      or not exists (select 1 from node_commit nc where nc.node_id = f.node_id);
  return found;
end $$;

create function end_fetch_1(me int, p_domain text) returns void ${always} as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  delete from mta_sts_fetch f where f.domain = p_domain and f.node_id = me;
end $$;

-- Those that ended long ago: whoever has them on disk has been told.
create function forget_policies_1(p_before float8) returns void ${always} as $$
begin
  delete from mta_sts_policy m where m.until < p_before;
end $$;
`;

/** What TLS came to, by day, recipient domain and node, and which reports are sent or being sent. */
const tlsResults = `
create table tls_result (
  date text collate "C" not null,
  domain text collate "C" not null,
  node text not null,
  results text not null,
  primary key (date, domain, node)
);
create table tls_report (
  date text collate "C" not null,
  domain text collate "C" not null,
  node text not null,
  begun_at timestamptz not null default clock_timestamp(),
  primary key (date, domain)
);

create function keep_tls_results_1(p_node text, p_dates text[], p_domains text[], p_results text[])
returns void ${always} as $$
begin
  insert into tls_result as r (date, domain, node, results)
    select u.date, u.domain, p_node, u.results from unnest(p_dates, p_domains, p_results) u(date, domain, results)
    on conflict (date, domain, node) do update set results = excluded.results;
end $$;

create function begin_tls_report_1(p_date text, p_domain text, p_node text) returns boolean ${always} as $$
begin
  insert into tls_report (date, domain, node) values (p_date, p_domain, p_node) on conflict do nothing;
  return found;
end $$;

create function forget_tls_results_1(p_before text) returns void ${always} as $$
begin
  delete from tls_result r where r.date < p_before;
  delete from tls_report r where r.date < p_before;
end $$;
`;

export const shared7 =
  suspensions + discredits + turns + commitOf("commit_2", endTurns) + days + pace + policies + tlsResults;
