/** The option `listens`: checks where a child will listen, and starts it when nothing else listens there. */

import { ArgumentError, handlerError, textOf } from '../../core/errors.ts';
import { codeOf, isError } from '../../core/shape.ts';
import { parseDialAddress } from '../listen-target.ts';
import type { Locate } from './listening-stream.ts';
import type { Child } from './process.ts';
import type { ListensFunction, SpawnPeerOptions } from './options.ts';
import { type ListenedTarget, vacate } from './vacancy.ts';

/** How a child is found. */
interface Listens {
  /** Makes sure that nothing else listens where the child will. Rejects with the reason. */
  readonly free: () => Promise<void>;
  readonly locate: Locate;
}

/** @throws {ArgumentError} When it is not an address that can be dialed, and no function. */
export function parseListens(given: NonNullable<SpawnPeerOptions['listens']>): Listens {
  if (typeof given === 'function') {
    return { free: () => Promise.resolve(), locate: (child) => ask(given, child) };
  }
  const target = parseTarget(given);
  return { free: () => vacate(target), locate: () => Promise.resolve(target) };
}

/** Starts the child as soon as nothing else listens; ends it without a start when something does. */
export async function startWhenFree(child: Child, free: () => Promise<void>): Promise<void> {
  try {
    await free();
    child.start();
  } catch (error) {
    child.refuse(isError(error) ? error : new Error(textOf(error)));
  }
}

async function ask(listens: ListensFunction, child: Child): Promise<ListenedTarget | undefined> {
  const { pid, output } = child;
  if (pid === undefined) return undefined;
  try {
    const address = await listens({ pid, stderr: output });
    return address === undefined ? undefined : parseTarget(address);
  } catch (error) {
    throw codeOf(error) === 'ENOENT' ? error : handlerError('listens', error);
  }
}

function parseTarget(given: unknown): ListenedTarget {
  const target = parseDialAddress(given as Parameters<typeof parseDialAddress>[0]);
  if (target.kind === 'stream') {
    throw new ArgumentError(
      'listens must say where the child listens: a path or a port, no stream',
    );
  }
  if (target.kind === 'tcp' && target.port === 0) {
    throw new ArgumentError(
      'listens must have the port at which the child listens, not 0: for a port that the child chooses, ' +
        'give a function',
    );
  }
  return target;
}
