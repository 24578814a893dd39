/** The size of a proof: small in each run of the tests, full in `npm run proof`. */

/** Whether `npm run proof` runs. */
export const isThorough = process.env['WIRECHART_PROOF'] === '1';

/** Returns `short` in a run of the tests, `long` in `npm run proof`. */
export const thorough = <T>(short: T, long: T): T => (isThorough ? long : short);
