/**
 * Descriptors of this process for QEMU, over the UNIX socket of the monitor: the commands `add-fd` and `getfd`.
 *
 * QEMU keeps only the descriptors of the last message that has brought some, and gives them to the next command that
 * asks for one. So the exchange sends one such command at a time, and the next when that is answered.
 */

import type { JsonValue } from '../codecs/json.ts';
import { checkTimeout } from '../async/timer.ts';
import { ArgumentError } from '../core/errors.ts';
import { type Names, signalOf } from '../core/options.ts';
import type { OpenDescriptor } from '../core/passing.ts';
import { memberOf, show } from '../core/shape.ts';
import { BadReplyError } from './errors.ts';
import type { ReplyOptions } from './commands/exchange.ts';
import type { LooseClient } from './loose-client.ts';

/** The options of `addFd()`. */
export interface AddFdOptions extends ReplyOptions {
  /** The number of the set that the descriptor is added to, from 0 on. Default: a new set, which QEMU numbers. */
  readonly fdset?: number | undefined;
  /** A text that QEMU keeps with the descriptor, and shows in `query-fdsets`. Default: none. */
  readonly opaque?: string | undefined;
}

/** A descriptor that QEMU has. */
export interface AddedFd {
  /** The number of its set. */
  readonly fdset: number;
  /** Its number in QEMU, for `remove-fd`. */
  readonly fd: number;
  /** What stands for a file name in QEMU's commands: `/dev/fdset/2`. */
  readonly path: string;
}

const GET_OPTIONS: Names<ReplyOptions> = { signal: true, timeout: true };
const ADD_OPTIONS: Names<AddFdOptions> = { ...GET_OPTIONS, fdset: true, opaque: true };

/** See `QmpClient.addFd()`. */
export async function addFd(
  qmp: LooseClient,
  fd: OpenDescriptor,
  options: AddFdOptions = {},
): Promise<AddedFd> {
  checkOptions('addFd()', options, ADD_OPTIONS);
  const { fdset, opaque } = options;
  checkFdset(fdset);
  if (opaque !== undefined && typeof opaque !== 'string') {
    throw new ArgumentError(`opaque of addFd() must be a string, not ${show(opaque)}`);
  }
  const args = {
    ...(fdset !== undefined && { 'fdset-id': fdset }),
    ...(opaque !== undefined && { opaque }),
  };
  return addedIn(await pass(qmp, 'addFd()', fd, ['add-fd', args, options]));
}

/** See `QmpClient.getFd()`. */
export async function getFd(
  qmp: LooseClient,
  fd: OpenDescriptor,
  name: string,
  options: ReplyOptions = {},
): Promise<void> {
  checkOptions('getFd()', options, GET_OPTIONS);
  if (typeof name !== 'string' || !/^[^\d]/.test(name)) {
    throw new ArgumentError(
      `getFd() needs a name for the descriptor that does not begin with a digit, not ${show(name)}`,
    );
  }
  await pass(qmp, 'getFd()', fd, ['getfd', { fdname: name }, options]);
}

function checkOptions(owner: string, options: ReplyOptions, names: object): void {
  signalOf(owner, options, names)?.throwIfAborted();
  checkTimeout(options.timeout);
}

function checkFdset(fdset: unknown): void {
  if (fdset === undefined || (Number.isSafeInteger(fdset) && Number(fdset) >= 0)) return;
  throw new ArgumentError(
    `fdset of addFd() must be the number of a set, an integer from 0 on, not ${show(fdset)}`,
  );
}

/** A command, its arguments and how it is waited for. */
type Request = readonly [command: string, args: object, options: ReplyOptions];

async function pass(
  qmp: LooseClient,
  method: string,
  fd: OpenDescriptor,
  [command, args, { signal, timeout }]: Request,
): Promise<JsonValue> {
  // Without a session this rejects, and says how the last one has ended.
  if (qmp.protocol.runstate !== 'RUNNING') return qmp.execute(command, args);
  const passing = await qmp.protocol.descriptor(`The descriptor of ${method}`, fd);
  return qmp.executeWith(passing, command, args, { signal, timeout });
}

function addedIn(value: JsonValue): AddedFd {
  const [fdset, fd] = ['fdset-id', 'fd'].map((name) => memberOf(value, name));
  if (!isNumber(fdset) || !isNumber(fd)) throw new BadReplyError('add-fd', { return: value });
  return { fdset, fd, path: `/dev/fdset/${String(fdset)}` };
}

const isNumber = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;
