/** A wrong argument or a failure that the user can fix. */
export class UsageError extends Error {}
