/**
 * Version 10: which versions of the schema each node works with, so that a step that a node could not follow is not taken
 * while it runs. Nodes of the releases before say nothing, and know nothing above 9.
 */
const always = "language plpgsql security definer set search_path from current";

/** Nodes say it since this version. */
export const knowsSince = 10;
/** What nodes know that never said. */
export const knownToTheSilent = knowsSince - 1;

export const releases10 = `
alter table node add column knows int;

create function tell_release_1(me int, p_knows int) returns void ${always} as $$
begin
  update node n set knows = p_knows
    where n.node_id = me and n.ended_at is null and n.knows is distinct from p_knows;
end $$;
`;
