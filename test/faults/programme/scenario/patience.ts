/** Of real time, for a scenario that stands still altogether: it ends itself then, and says so. */
export const scenarioMostMs = 120_000;
