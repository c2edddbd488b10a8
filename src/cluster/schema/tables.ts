/** The tables of version 1, in the schema that `search_path` names. What each is for stands in docs/decisions/0069. */
export const tables1 = `
create table node (
  node_id int generated always as identity primary key,
  name text not null,
  slot smallint not null,
  installation text not null,
  lease interval not null,
  lease_until timestamptz not null,
  steady_since timestamptz not null,
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  version text not null,
  id_reserved_until bigint not null default 0,
  suspended boolean not null default false
) with (fillfactor = 50);
create unique index node_slot on node (slot) where ended_at is null;
create unique index node_name on node (name) where ended_at is null;

create table node_commit (
  node_id int primary key,
  seq bigint not null default 0,
  answer text not null default '|0'
) with (fillfactor = 20);

create table chores (
  only_row boolean primary key default true check (only_row),
  node_id int not null default 0,
  until timestamptz not null default '-infinity'
);
insert into chores default values;

create table message (
  id bigint primary key,
  record bytea not null
) with (toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
alter table message alter column record set storage main;

create table entry (
  id bigint not null,
  queue text collate "C" not null,
  due_at float8 not null,
  owner int,
  rev int not null default 0,
  merged_due float8,
  arrived_at float8 not null,
  state bytea,
  primary key (id, queue)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
create index entry_due on entry (queue, due_at, id) where owner is null;

create table body (
  id bigint not null,
  n int not null,
  data bytea not null,
  primary key (id, n)
);
alter table body alter column data set storage external;

create table damaged (
  id bigint primary key,
  at timestamptz not null default clock_timestamp(),
  what text not null,
  record bytea,
  entries text not null
);

create table answer (
  hash bytea primary key,
  record bytea not null,
  kept_until float8 not null
);
create index answer_until on answer (kept_until);

create unlogged table boot (node_id int primary key);
create unlogged table pair (
  connector text not null,
  source text not null,
  node_id int not null,
  open int not null,
  primary key (connector, source, node_id)
) with (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);
create unlogged table total (
  connector text not null,
  node_id int not null,
  open int not null,
  primary key (connector, node_id)
) with (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);
create unlogged table minute (
  key text primary key,
  at bigint not null,
  counts int[] not null
) with (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);
`;
