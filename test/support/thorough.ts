/** How much a proof does: little in each run of the tests, all of it in `npm run proof`. */

/** Whether this is `npm run proof`. */
export const isThorough = process.env['WIRECHART_PROOF'] === '1';

/** The one value in a run of the tests, the other in `npm run proof`. */
export const thorough = <T>(short: T, long: T): T => (isThorough ? long : short);
