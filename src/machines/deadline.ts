/** The deadlines of the charts' states. */

/**
 * The `after` of a state with a deadline: when it passes, `actions` run, each with the deadline's name as
 * its parameter, and the machine goes to `target`. A timer holds at most `MAX_TIMER_MS`, so a longer
 * deadline never passes: its timer is set for that time, and the guard `isFinite` refuses it.
 *
 * @param name - The deadline; the delay `<name>Timeout` of the setup is its length.
 */
export const deadline = <Name extends string, Target extends string, Action extends string>(
  name: Name,
  target: Target,
  ...actions: Action[]
) => {
  const params = { deadline: name };
  const guard = { type: 'isFinite' as const, params };
  return {
    [`${name}Timeout`]: { guard, target, actions: actions.map((type) => ({ type, params })) },
  };
};
