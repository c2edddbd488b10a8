/** Version 8: what a node should listen on and does not. Rows of the version before say nothing of it. */
const always = "language plpgsql security definer set search_path from current";

export const nodeListeners8 = `
alter table node add column failed_listeners text[];

create function tell_listeners_1(me int, p_failed text[]) returns void ${always} as $$
begin
  update node n set failed_listeners = p_failed
    where n.node_id = me and n.ended_at is null and n.failed_listeners is distinct from p_failed;
end $$;
`;
