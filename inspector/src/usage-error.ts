/** A wrong argument or a failure that the user can fix. */
export class UsageError extends Error {
  /** Whether the usage helps: not where the arguments are right, and something else is in the way. */
  readonly needsUsage: boolean;

  constructor(message: string, { needsUsage = true } = {}) {
    super(message);
    this.needsUsage = needsUsage;
  }
}
