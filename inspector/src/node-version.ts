/** Which Node this package runs on. It uses nothing that an old Node lacks. */

const [MAJOR, MINOR] = [20, 19];

/** What to do about a version of Node, such as `18.2.0`, that is too old; `undefined` if it is not. */
export function nodeProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > MAJOR || (major === MAJOR && minor >= MINOR)) return undefined;
  const needed = `${String(MAJOR)}.${String(MINOR)}`;
  return `wirechart-inspector needs Node ${needed} or later, and this is Node ${version}: install a newer one, or run it with npx -p node@${String(MAJOR)} -p wirechart-inspector wirechart-inspector`;
}
