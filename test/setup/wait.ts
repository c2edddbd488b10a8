/** How long tests wait for a state that comes, ms: not how long it takes, but how long a busy machine may keep it. */
export const waitMs = 60_000;
