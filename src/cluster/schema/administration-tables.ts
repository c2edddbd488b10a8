/** Version 4: the tokens of administrators, which must outlive a node. Why it is so stands in docs/decisions/0071. */

const always = "language plpgsql security definer set search_path from current";

export const administration4 = `
create table admin_token (
  name text primary key,
  role text not null,
  created_at timestamptz not null,
  hash bytea not null
);
create unique index admin_token_name on admin_token (lower(name));

create function add_token_1(p_name text, p_role text, p_created timestamptz, p_hash bytea)
returns boolean ${always} as $$
begin
  insert into admin_token (name, role, created_at, hash) values (p_name, p_role, p_created, p_hash)
    on conflict do nothing;
  -- Asked again after a lost answer it is the same one.
  update admin_token t set hash = t.hash where t.name = p_name and t.hash = p_hash;
  return found;
end $$;

create function remove_token_1(p_name text) returns int ${always} as $$
declare
  gone int;
begin
  delete from admin_token t where lower(t.name) = lower(p_name);
  get diagnostics gone = row_count;
  return gone;
end $$;
`;
