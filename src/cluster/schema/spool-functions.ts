/**
 * What the spool asks of the database, each in one round trip. A function carries its version in its name, so that nodes
 * of two releases work side by side; one that changes gets a new name.
 *
 * A node's row in node_commit is its right to hold mail: a commit writes it, claims share its lock, and whoever ends the
 * node deletes it. So an ended node takes, keeps and finishes nothing, and there is no moment between the two.
 */

/** Without them a plan that was made for an empty table is kept for a full one. */
const always = `language plpgsql security definer set search_path from current set enable_seqscan = off
  set enable_hashjoin = off set enable_mergejoin = off`;

/**
 * A group's commit. c: claims that end (was: octets of state when it was claimed, -1 none; at -1: left as it is; due null:
 * nothing is left); m: what they put into other queues; a: messages that are accepted (claim 0: for themselves, else with
 * the claim); n: answers that are kept. Octets stand in \`blob\`. \`again\`: an earlier call had no answer; it is done once.
 * Answers with the claims that were lost, and how many answers are new: \`3,7|1\`. \`first\`: done before all else; \`beforeAnswers\`: before any is kept.
 */
export const commitOf = (named: string, beforeAnswers = "", first = ""): string => `
create function ${named}(
  me int, p_seq bigint, blob bytea,
  c_id bigint[], c_queue text[], c_was int[], c_due float8[], c_at int[], c_len int[], c_arrived float8[],
  c_shared boolean[], c_large boolean[],
  m_claim int[], m_queue text[], m_due float8[], m_at int[], m_len int[], m_round int[],
  a_id bigint[], a_arrived float8[], a_owned boolean[], a_at int[], a_len int[], a_chunks int[], a_claim int[],
  n_at int[], n_len int[], n_until float8[]
) returns text ${always} as $$
#variable_conflict use_column
declare
  ended int[] := '{}';
  part int[];
  gone bigint[];
  claims int := cardinality(c_id);
  every boolean := true;
  fresh bigint := 0;
  told text;
begin${first}
  update node_commit nc set seq = p_seq, answer = '|0' where nc.node_id = me and nc.seq < p_seq;
  if not found then
    -- It is written once more, so that its commit waits for the standby as the first one did.
    update node_commit nc set answer = nc.answer where nc.node_id = me and nc.seq = p_seq
      returning nc.answer into told;
    if found then return told; end if;
    raise exception using errcode = 'WR001', message = 'this node was taken for dead';
  end if;

  if claims > 0 then
    if true = any(c_shared) then
      perform 1 from message m
        where m.id in (select u.id from unnest(c_id, c_shared) u(id, shared) where u.shared)
        order by m.id for update;
    end if;
    with c as (
      select * from unnest(c_id, c_queue, c_was, c_due, c_at)
        with ordinality u(id, queue, was, due, at, n)
    ), d as (
      delete from entry e using c
        where c.due is null and c.at <> -1 and e.id = c.id and e.queue = c.queue and e.owner = me
          and coalesce(octet_length(e.state), -1) = c.was
        returning c.n
    )
    select array_agg(d.n::int) into part from d;
    ended := coalesce(part, '{}');
    if cardinality(ended) < claims then
      with c as (
        select * from unnest(c_id, c_queue, c_was, c_due, c_at, c_len)
          with ordinality u(id, queue, was, due, at, len, n)
      ), u as (
        update entry e set
          owner = null, rev = e.rev + 1, merged_due = null,
          state = case when c.at = -1 then e.state else
            substring(blob from c.at + 1 for c.len)
              || case when c.was >= 0 then substring(e.state from c.was + 1) else ''::bytea end end,
          due_at = least(case when c.at = -1 then e.due_at else coalesce(c.due, 'Infinity') end,
            coalesce(e.merged_due, 'Infinity'))
          from c
          where e.id = c.id and e.queue = c.queue and e.owner = me and not (c.n = any(ended))
          returning c.n
      )
      select array_agg(u.n::int) into part from u;
      ended := ended || coalesce(part, '{}');
      every := cardinality(ended) = claims;
    end if;
    for r in 0 .. coalesce((select max(x) from unnest(m_round) x), -1) loop
      insert into entry as e (id, queue, due_at, state, arrived_at)
        select c_id[m.claim], m.queue, m.due, substring(blob from m.at + 1 for m.len), c_arrived[m.claim]
        from unnest(m_claim, m_queue, m_due, m_at, m_len, m_round) m(claim, queue, due, at, len, round)
        where m.round = r and (every or m.claim = any(ended))
      on conflict (id, queue) do update set
        state = coalesce(e.state, '') || excluded.state,
        rev = e.rev + 1,
        due_at = case when e.owner is null then least(e.due_at, excluded.due_at) else e.due_at end,
        merged_due = case when e.owner is null then null
          else least(coalesce(e.merged_due, 'Infinity'), excluded.due_at) end;
    end loop;
    with g as (
      delete from message m
        where m.id in (
          select u.id from unnest(c_id, c_due, c_at) with ordinality u(id, due, at, n)
          where u.due is null and u.at <> -1 and (every or u.n = any(ended))
        ) and not exists (select 1 from entry e where e.id = m.id)
        returning m.id
    )
    select array_agg(g.id) into gone from g;
    if true = any(c_large) then
      delete from body b where b.id in (
        select u.id from unnest(c_id, c_large) u(id, large) where u.large and u.id = any(gone)
      );
    end if;
  end if;

  if cardinality(a_id) > 0 then
    insert into message (id, record)
      select a.id, substring(blob from a.at + 1 for a.len)
      from unnest(a_id, a_at, a_len, a_claim) a(id, at, len, claim)
      where a.claim = 0 or every or a.claim = any(ended);
    insert into entry (id, queue, due_at, owner, arrived_at)
      select a.id, '', a.arrived, case when a.owned then me end, a.arrived
      from unnest(a_id, a_arrived, a_owned, a_claim) a(id, arrived, owned, claim)
      where a.claim = 0 or every or a.claim = any(ended);
    for told in
      select a.id::text from unnest(a_id, a_chunks) a(id, chunks)
      where a.chunks > 0 and a.chunks <> (select count(*) from body b where b.id = a.id)
    loop
      raise exception using errcode = 'WR002', message = 'the content of message ' || told || ' is not whole';
    end loop;
  end if;

  if cardinality(n_at) > 0 then${beforeAnswers}
    with w as (
      insert into answer as o (hash, record, kept_until)
        select substring(blob from n.at + 1 for 32), substring(blob from n.at + 33 for n.len), n.until
        from unnest(n_at, n_len, n_until) n(at, len, until)
      on conflict (hash) do update set record = excluded.record, kept_until = excluded.kept_until
      returning (o.xmax = 0) as is_new
    )
    select count(*) into fresh from w where w.is_new;
  end if;

  if every and fresh = 0 then return '|0'; end if;
  select coalesce(string_agg(n::text, ','), '') || '|' || fresh into told
    from generate_series(1, claims) n where not (n = any(ended));
  update node_commit nc set answer = told where nc.node_id = me;
  return told;
end $$;
`;

const claimed = `table (
  id bigint, queue text, due_at float8, arrived_at float8, state bytea, record bytea, others text[], next_due float8
)`;

const mayHold = `
  perform 1 from node_commit nc where nc.node_id = me for key share;
  if not found then raise exception using errcode = 'WR001', message = 'this node was taken for dead'; end if;
`;

/** The last row has no id: when what is left of the queue is due next. */
const nextDue = (queue: string): string => `
  return query select null::bigint, ${queue}, null::float8, null::float8, null::bytea, null::bytea, null::text[],
    (select e.due_at from entry e where e.queue = ${queue} and e.owner is null and e.due_at < 1.7e308
      order by e.due_at, e.id limit 1);
`;

const others = `(select array_agg(o.queue) from entry o where o.id = got.id and o.queue <> got.queue)`;

const claims = `
create function claim_due_1(me int, p_queue text, p_now float8, p_limit int) returns ${claimed} ${always} as $$
#variable_conflict use_column
begin
  ${mayHold}
  return query
    with due as materialized (
      select e.id from entry e
        where e.queue = p_queue and e.owner is null and e.due_at <= p_now
        order by e.due_at, e.id limit p_limit for update skip locked
    ), got as (
      update entry e set owner = me, rev = e.rev + 1 from due where e.id = due.id and e.queue = p_queue
        returning e.id, e.queue, e.due_at, e.arrived_at, e.state
    )
    select got.id, got.queue, got.due_at, got.arrived_at, got.state, m.record, ${others}, null::float8
      from got left join message m on m.id = got.id order by got.due_at, got.id;
  ${nextDue("p_queue")}
end $$;

create function claim_some_1(me int, p_ids bigint[], p_queues text[]) returns ${claimed} ${always} as $$
#variable_conflict use_column
declare
  q text;
begin
  ${mayHold}
  return query
    with want as materialized (
      select e.id, e.queue from unnest(p_ids, p_queues) w(id, queue)
        join entry e on e.id = w.id and e.queue = w.queue
        where e.owner is null for update of e skip locked
    ), got as (
      update entry e set owner = me, rev = e.rev + 1 from want where e.id = want.id and e.queue = want.queue
        returning e.id, e.queue, e.due_at, e.arrived_at, e.state
    )
    select got.id, got.queue, got.due_at, got.arrived_at, got.state, m.record, ${others}, null::float8
      from got left join message m on m.id = got.id order by got.id, got.queue;
  for q in select distinct w.q from unnest(p_queues) w(q) loop
    ${nextDue("q")}
  end loop;
end $$;
`;

/** What cannot be read goes out of the way of all others, whoever holds it. */
const setAside = `
create function set_aside_1(me int, p_id bigint, p_what text) returns boolean ${always} as $$
#variable_conflict use_column
begin
  ${mayHold}
  perform 1 from message m where m.id = p_id for update;
  insert into damaged (id, what, record, entries)
    select p_id, p_what, (select m.record from message m where m.id = p_id),
      coalesce((select string_agg(e.queue || ' ' || coalesce(encode(e.state, 'hex'), ''), E'\\n')
        from entry e where e.id = p_id), '')
    on conflict (id) do nothing;
  delete from entry e where e.id = p_id;
  delete from message m where m.id = p_id;
  return found;
end $$;
`;

/** A part of a content, ahead of its message: durable with that one's commit. */
const putChunk = `
create function put_chunk_1(p_id bigint, p_n int, p_data bytea) returns void ${always} as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  insert into body (id, n, data) values (p_id, p_n, p_data);
end $$;

create function drop_body_1(p_id bigint) returns void ${always} as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  delete from body b where b.id = p_id and not exists (select 1 from message m where m.id = p_id);
end $$;
`;

/** The answers that end first, up to so many, of those that end by then. */
const forgetAnswers = `
create function forget_answers_1(p_until float8, p_limit int) returns bigint ${always} as $$
#variable_conflict use_column
declare
  gone bigint;
begin
  with old as materialized (
    select a.hash from answer a where a.kept_until <= p_until order by a.kept_until limit p_limit
      for update skip locked
  ), d as (delete from answer a using old where a.hash = old.hash returning 1)
  select count(*) into gone from d;
  return gone;
end $$;
`;

/** Queues with what they hold; and, cheaper, only when each is due next: a step from queue to queue in the index. */
const views = `
create function summary_1() returns table (queue text, messages bigint, next_due float8)
language sql stable security definer set search_path from current as $$
  select e.queue, count(*), min(e.due_at) filter (where e.owner is null and e.due_at < 1.7e308)
    from entry e group by e.queue
$$;

create function due_1() returns table (queue text, next_due float8) ${always} stable as $$
#variable_conflict use_column
begin
  return query
    with recursive step(queue, due_at) as (
      (select e.queue, e.due_at from entry e where e.owner is null order by e.queue, e.due_at limit 1)
      union all
      select n.queue, n.due_at from step s cross join lateral (
        select e.queue, e.due_at from entry e where e.owner is null and e.queue > s.queue
          order by e.queue, e.due_at limit 1
      ) n
    )
    select s.queue::text, s.due_at from step s where s.due_at < 1.7e308;
end $$;
`;

export const spoolFunctions1 = commitOf("commit_1") + claims + setAside + putChunk + forgetAnswers + views;
