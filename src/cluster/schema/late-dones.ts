/**
 * Version 13: what a node that was taken for dead still knows: that it has delivered. Taken off the queue where nobody has it yet, and where
 * it stands as that node read it, octet for octet; else whoever has it, or has changed it, decides.
 */
const always = "language plpgsql security definer set search_path from current";

/** \`p_state\`: as it was read; \`p_rest\`: who is left in it, null: nobody. 0: others have it; 1: done; 2: and nothing of the message is left. */
export const lateDones13 = `
create function late_done_1(p_id bigint, p_queue text, p_state bytea, p_rest bytea) returns int ${always} as $$
begin
  perform 1 from message m where m.id = p_id for update;
  if p_rest is null then
    delete from entry e
      where e.id = p_id and e.queue = p_queue and e.owner is null and e.state is not distinct from p_state;
  else
    update entry e set state = p_rest, rev = e.rev + 1
      where e.id = p_id and e.queue = p_queue and e.owner is null and e.state is not distinct from p_state;
  end if;
  if not found then return 0; end if;
  delete from message m where m.id = p_id and not exists (select 1 from entry e where e.id = p_id);
  if not found then return 1; end if;
  delete from body b where b.id = p_id;
  return 2;
end $$;
`;
