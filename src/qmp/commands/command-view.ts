/** The commands of a client as methods: `qmp.commands.cont()`. */

import type { ExecuteOptions } from './exchange.ts';
import type { CommandRest, CommandsOf, QapiSchema, Returns } from '../types.ts';

/** One command as a function: see `QmpClient.execute()`. */
export type CommandMethod<C, S extends QapiSchema> = (
  ...rest: CommandRest<C, ExecuteOptions, S>
) => Promise<Returns<C, S>>;

/** The commands of a schema as methods; any command, if the schema names none. */
export type CommandMethods<S extends QapiSchema> = [keyof CommandsOf<S>] extends [never]
  ? Readonly<Record<string, CommandMethod<string, S>>>
  : { readonly [C in keyof CommandsOf<S>]: CommandMethod<C, S> };

/** Runs a command. */
type Execute = (
  command: string,
  args: object | undefined,
  options: ExecuteOptions | undefined,
) => Promise<unknown>;

/** What a command can be called (QEMU's "How to use the QAPI code generator", "Naming rules and reserved names"). */
const NAME = /^(__[a-z0-9.-]+_)?[a-z][a-z0-9_-]*$/;
/** JavaScript itself looks for these: a promise that resolves with the view would wait for it otherwise. */
const NO_COMMANDS = new Set<string | symbol>(['then', 'catch', 'finally', 'constructor']);

const isCommand = (name: string | symbol): name is string =>
  typeof name === 'string' && NAME.test(name) && !NO_COMMANDS.has(name);

/**
 * Returns an object that has each name that a command can have as a method. The methods may be taken out of it.
 *
 * @param describe - What `util.inspect()` and a conversion to a string show.
 */
export function commandView(execute: Execute, describe: () => string): object {
  const show = { value: describe };
  const target = Object.create(null, {
    [Symbol.for('nodejs.util.inspect.custom')]: show,
    [Symbol.toPrimitive]: show,
  }) as object;
  return new Proxy(Object.freeze(target), {
    get: (own, name) =>
      isCommand(name)
        ? (args?: object, options?: ExecuteOptions) => execute(name, args, options)
        : (Reflect.get(own, name) as unknown),
    has: (own, name) => isCommand(name) || Reflect.has(own, name),
  });
}
