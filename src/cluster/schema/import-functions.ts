/** Version 5: queues of single relays on their way in. Why it is so stands in docs/decisions/0078. */

const always = "language plpgsql security definer set search_path from current";

/** One row for each directory: which of its messages, by their ids there, are here. It changes in the transaction that puts them here. */
const tables = `
create table import (
  source uuid primary key,
  place text not null,
  moved_by text not null,
  begun_at timestamptz not null default clock_timestamp(),
  last_id bigint not null default -1,
  messages bigint not null default 0,
  were_there bigint not null default 0,
  damaged bigint not null default 0,
  ended_at timestamptz
);
`;

const functions = `
create function import_begin_1(p_source uuid, p_place text, p_by text) returns void ${always} as $$
begin
  insert into import (source, place, moved_by) values (p_source, p_place, p_by) on conflict do nothing;
end $$;

-- A part of a content, in the transaction of its message: before that nobody sees it, so that nobody sweeps it.
create function import_chunk_1(p_id bigint, p_n int, p_data bytea) returns void ${always} as $$
begin
  insert into body (id, n, data) values (p_id, p_n, p_data);
end $$;

-- m: messages, under ids that are free; e: what they have in queues (len -1: nobody has tried it yet); d: what cannot be read.
-- False: somebody else has moved on from p_after.
create function import_page_1(
  p_source uuid, p_after bigint, p_last bigint, p_were_there int, blob bytea,
  m_id bigint[], m_at int[], m_len int[],
  e_id bigint[], e_queue text[], e_due float8[], e_arrived float8[], e_at int[], e_len int[],
  d_id bigint[], d_what text[], d_at int[], d_len int[], d_entries text[]
) returns boolean ${always} as $$
begin
  perform 1 from import i where i.source = p_source and i.last_id = p_after for update;
  if not found then return false; end if;
  if current_setting('synchronous_commit') in ('off', 'local') then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  insert into message (id, record)
    select m.id, substring(blob from m.at + 1 for m.len) from unnest(m_id, m_at, m_len) m(id, at, len);
  insert into entry (id, queue, due_at, arrived_at, state)
    select e.id, e.queue, e.due, e.arrived, case when e.len >= 0 then substring(blob from e.at + 1 for e.len) end
    from unnest(e_id, e_queue, e_due, e_arrived, e_at, e_len) e(id, queue, due, arrived, at, len);
  insert into damaged (id, what, record, entries)
    select d.id, d.what, case when d.len >= 0 then substring(blob from d.at + 1 for d.len) end, d.entries
    from unnest(d_id, d_what, d_at, d_len, d_entries) d(id, what, at, len, entries)
    on conflict (id) do nothing;
  update import i set last_id = p_last, messages = i.messages + cardinality(m_id),
      were_there = i.were_there + p_were_there, damaged = i.damaged + cardinality(d_id)
    where i.source = p_source;
  return true;
end $$;

-- What was answered here since stays.
create function import_answers_1(blob bytea, n_at int[], n_len int[], n_until float8[]) returns int ${always} as $$
declare
  fresh int;
begin
  insert into answer (hash, record, kept_until)
    select substring(blob from n.at + 1 for 32), substring(blob from n.at + 33 for n.len), n.until
    from unnest(n_at, n_len, n_until) n(at, len, until)
    on conflict do nothing;
  get diagnostics fresh = row_count;
  return fresh;
end $$;

create function import_end_1(p_source uuid) returns timestamptz ${always} as $$
declare
  at timestamptz;
begin
  if current_setting('synchronous_commit') in ('off', 'local') then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  update import i set ended_at = coalesce(i.ended_at, clock_timestamp()) where i.source = p_source
    returning i.ended_at into at;
  return at;
end $$;
`;

export const import5 = tables + functions;
