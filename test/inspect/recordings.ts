/** Helpers for recordings. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Inspect } from '../../src/inspect/feed.ts';
import type { Inspection } from '../../src/inspect/report.ts';
import { recordTo, type RecordOptions } from '../../src/inspect/record-to.ts';
import type { FeedMessage } from '../../src/inspect/wire.ts';
import { cleanUp, tempDir } from '../support/cleanup.ts';
import { parse } from './support.ts';

/** A recording and its path. */
interface Recorded {
  readonly path: string;
  readonly recording: Inspection;
  readonly inspect: Inspect;
}

/** Starts a recording in a new directory. */
export async function record(options?: RecordOptions): Promise<Recorded> {
  const path = join(await tempDir(), 'trace.jsonl');
  const recording = recordTo(path, options);
  cleanUp(() => recording.close());
  return { path, recording, inspect: recording.inspect };
}

/** The messages of a file, which must end with a complete line. */
export async function messagesOf(path: string): Promise<FeedMessage[]> {
  const text = await readFile(path, 'utf8');
  if (text !== '' && !text.endsWith('\n'))
    throw new Error(`The last line of '${path}' is incomplete`);
  return text.split('\n').slice(0, -1).map(parse);
}
