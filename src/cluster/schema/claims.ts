/**
 * Version 14: claims that cost less. As those of version 1, and: the rows that were locked are found again by their place in
 * the table instead of by their key; what is due next is looked for behind what was claimed, not among the row versions that
 * the claim itself has just made old. In no order: whoever asks sorts a few rows quicker.
 */

/** Without them a plan that was made for an empty table is kept for a full one. */
const always = `language plpgsql security definer set search_path from current set enable_seqscan = off
  set enable_hashjoin = off set enable_mergejoin = off`;

const claimed =
  "table (id bigint, queue text, due_at float8, state bytea, record bytea, others text, next_due float8)";

const mayHold = `
  perform 1 from node_commit nc where nc.node_id = me for key share;
  if not found then raise exception using errcode = 'WR001', message = 'this node was taken for dead'; end if;
`;

/** A place holds for as long as its row is locked: to the end of the call. */
const claimPlaces = `
  return query
    with got as (
      update entry e set owner = me, rev = e.rev + 1 where e.ctid = any(places)
        returning e.id, e.queue, e.due_at, e.state
    )
    select got.id, got.queue, got.due_at, got.state, m.record,
      (select json_agg(o.queue)::text from entry o where o.id = got.id and o.queue <> got.queue), null::float8
      from got left join message m on m.id = got.id;
`;

/** The last row of a queue has no id: when what is left of it is due next. */
const nextDue = (queue: string, from: string): string => `
  return query select null::bigint, ${queue}, null::float8, null::bytea, null::bytea, null::text,
    (select e.due_at from entry e
      where e.queue = ${queue} and e.owner is null and e.due_at >= ${from} and e.due_at < 1.7e308
      order by e.due_at, e.id limit 1);
`;

const claimDueOf = (named: string, arguments_: string, from: string): string => `
create function ${named}(me int, p_queue text, p_now float8, p_limit int${arguments_}) returns ${claimed} ${always} as $$
#variable_conflict use_column
declare
  places tid[];
  -- Where fewer were found than were asked for, some that others had locked may be due before them.
  done_to float8;
begin${mayHold}
  select array_agg(due.place), case when count(*) = p_limit then coalesce(max(due.due_at), ${from}) else ${from} end
    into places, done_to
    from (
      select e.ctid as place, e.due_at from entry e
        where e.queue = p_queue and e.owner is null and e.due_at >= ${from} and e.due_at <= p_now
        order by e.due_at, e.id limit p_limit for update skip locked
    ) due;
  ${claimPlaces}${nextDue("p_queue", "done_to")}
end $$;
`;

const claimSome = `
create function claim_some_2(me int, p_ids bigint[], p_queues text[]) returns ${claimed} ${always} as $$
#variable_conflict use_column
declare
  places tid[];
  q text;
begin${mayHold}
  select array_agg(want.place) into places
    from (
      select e.ctid as place from unnest(p_ids, p_queues) w(id, queue)
        join entry e on e.id = w.id and e.queue = w.queue
        where e.owner is null for update of e skip locked
    ) want;
  ${claimPlaces}
  for q in select distinct w.q from unnest(p_queues) w(q) loop
    ${nextDue("q", "'-Infinity'")}
  end loop;
end $$;
`;

export const claims14 = claimDueOf("claim_due_2", "", "'-Infinity'") + claimSome;

/**
 * Version 17. `p_from`: nothing that is due earlier is looked for. While somebody has a transaction open all that was claimed from a queue stands in front of
 * what there is, and each claim would read through it.
 */
export const claimDue17 = claimDueOf("claim_due_3", ", p_from float8", "p_from");
