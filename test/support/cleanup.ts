/** What a test makes is put away after it, and it is asserted that the protocols came home by themselves. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { AsyncProtocol, type ProtocolDefinition, type ProtocolOptions } from '../../src/index.ts';
import { expectNoHandles } from './handles.ts';

/** What of a protocol is asked for at the end of a test. */
interface Homecoming {
  readonly runstate: string;
  disconnect(options: { force: boolean }): Promise<void>;
}

const protocols: Homecoming[] = [];
const cleanups: (() => unknown)[] = [];
const unhandled: unknown[] = [];

const note = (error: unknown) => {
  unhandled.push(error);
};

/** Has `run` called after the test, once the protocols have been looked at. */
export function cleanUp(run: () => unknown): void {
  cleanups.push(run);
}

/** A protocol that must be IDLE at the end of the test. */
export function createProtocol<In, Out = In>(
  definition: ProtocolDefinition<In, Out>,
  options: ProtocolOptions = {},
): AsyncProtocol<In, Out> {
  return track(new AsyncProtocol(definition, options));
}

/** The same for one that the test has made itself, or had made by a class of its own. */
export function track<P extends Homecoming>(protocol: P): P {
  protocols.push(protocol);
  return protocol;
}

/** A new private directory, which is removed after the test. */
export async function tempDir(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'wirechart-'));
  cleanUp(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/**
 * To be called once in a test file. After each test: every protocol made by the helpers is IDLE, no
 * promise was rejected and no error thrown with nobody to hear it, and no socket is left open.
 */
export function expectIdleAfterEach(): void {
  beforeEach(() => {
    process.on('unhandledRejection', note);
    process.on('uncaughtExceptionMonitor', note);
  });
  afterEach(async () => {
    const runstates = protocols.map(({ runstate }) => runstate);
    await Promise.allSettled(protocols.splice(0).map((each) => each.disconnect({ force: true })));
    await Promise.all(cleanups.splice(0).map((run) => run()));
    await expectNoHandles();
    process.off('unhandledRejection', note);
    process.off('uncaughtExceptionMonitor', note);
    expect(unhandled.splice(0)).toEqual([]);
    expect(runstates.filter((runstate) => runstate !== 'IDLE')).toEqual([]);
  });
}
