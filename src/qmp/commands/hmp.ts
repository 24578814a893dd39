/** `QmpClient.hmp()`: commands of QEMU's monitor for people. */

import { ArgumentError } from '../../core/errors.ts';
import { show } from '../../core/shape.ts';
import { BadReplyError } from '../errors.ts';
import type { ReplyOptions } from './exchange.ts';
import type { LooseClient } from '../loose-client.ts';

const COMMAND = 'human-monitor-command';

/** See `QmpClient.hmp()`. */
export async function runHmp(
  qmp: LooseClient,
  commandLine: string,
  options: ReplyOptions = {},
): Promise<string> {
  const line: unknown = commandLine;
  if (typeof line !== 'string' || line.trim() === '') {
    throw new ArgumentError(`hmp() needs a command line such as 'info block', not ${show(line)}`);
  }
  const output = await qmp.execute(COMMAND, { 'command-line': line }, options);
  if (typeof output === 'string') return output;
  throw new BadReplyError(COMMAND, { return: output });
}
