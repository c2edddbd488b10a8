/** Version 2: what people see of nodes and do to them. Rows of the version before say nothing of it. */
const always = "language plpgsql security definer set search_path from current";

/** By name: a suspension outlives the node's incarnations, and may come before the next one. */
const tables = `
alter table node add column left_at timestamptz;
alter table node add column address text;
alter table node add column fingerprint text;
create table node_suspension (
  name text primary key,
  since timestamptz not null default clock_timestamp(),
  suspended_by text not null
);
`;

const functions = `
create function introduce_1(me int, p_address text, p_fingerprint text) returns void ${always} as $$
begin
  update node n set address = p_address, fingerprint = p_fingerprint
    where n.node_id = me and n.ended_at is null
      and (n.address, n.fingerprint) is distinct from (p_address, p_fingerprint);
end $$;

create function suspend_node_1(p_name text, p_by text) returns boolean ${always} as $$
begin
  insert into node_suspension (name, suspended_by) values (p_name, p_by) on conflict do nothing;
  return found;
end $$;

create function resume_node_1(p_name text) returns boolean ${always} as $$
begin
  delete from node_suspension s where s.name = p_name;
  return found;
end $$;

create function leave_2(me int) returns boolean ${always} as $$
begin
  if not leave_1(me) then return false; end if;
  update node n set left_at = clock_timestamp() where n.node_id = me;
  return true;
end $$;
`;

export const nodeView2 = tables + functions;
