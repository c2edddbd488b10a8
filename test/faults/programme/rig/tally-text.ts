import type { TallyResult } from "../../tally.ts";

export const tallyText = ({ acknowledged, lost, damaged, duplicates }: TallyResult): string =>
  `of ${acknowledged} acknowledged ${lost.length} lost, ${damaged.length} damaged, ${duplicates} twice`;

/** Before the end nobody knows what is lost and what is on its way. */
export const soFarText = ({ acknowledged, lost, damaged, duplicates }: TallyResult): string =>
  `${acknowledged} acknowledged so far, ${lost.length} not here yet, ${damaged.length} damaged, ${duplicates} twice`;

export const nothingLost = ({ acknowledged, lost, damaged }: TallyResult): boolean =>
  acknowledged > 0 && lost.length === 0 && damaged.length === 0;

/** What was being handed over when the relay ended may come again: a mean for each end of it. */
export const mostTwicePerCrash = 20;
export const fewTwice = ({ duplicates }: TallyResult, crashes: number): boolean =>
  duplicates <= mostTwicePerCrash * crashes;
