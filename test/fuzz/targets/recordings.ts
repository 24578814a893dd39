/**
 * Recordings from strangers: the reader and all behind it, up to the page. `charts.ts` has the charts.
 *
 * The first byte of an input says how the text is cut into chunks.
 */

import type { ServerMessage } from '../../../inspector/shared/view.ts';
import { BOUNDS } from '../../../inspector/src/bounds.ts';
import { RecordingReader } from '../../../inspector/src/recording-reader.ts';
import { Random } from '../engine/random.ts';
import { Mismatch, type Target } from '../engine/target.ts';
import { FakeTimers } from './fake-timers.ts';
import { checkTotals, FakeInspector, stateOf } from './inspector-hub.ts';
import { checkPage } from './inspector-page.ts';
import { INSPECTOR_WORDS, MESSAGES } from './inspector-words.ts';
import { checkSettles, expectEqual } from './monitor.ts';
import { checkPrototypes } from './prototypes.ts';

/** The text in chunks of random sizes. */
function* chunksOf(text: string, random: Random): Generator<string> {
  const maxSize = random.pick([1, 10, 1000, 65_536]) + Math.ceil(text.length / 100);
  for (let at = 0; at < text.length;) {
    const size = 1 + random.below(maxSize);
    yield text.slice(at, at + size);
    at += size;
  }
}

/** Opens a recording. Resolves with the error that it is refused with. */
async function open(inspector: FakeInspector, chunks: Iterable<string>): Promise<unknown> {
  try {
    await new RecordingReader(inspector.hub).open('recording', chunks);
    return undefined;
  } catch (error) {
    if (error instanceof TypeError && !error.message.includes('is not a function')) return error;
    throw error;
  }
}

/** What a page shows that opens now. */
function pageOf(inspector: FakeInspector): ServerMessage[] {
  FakeTimers.use((runTimers) => {
    inspector.receive('viewer', 'page', '{}');
    runTimers();
    inspector.close('page');
  });
  return stateOf(inspector.sentTo('viewer'));
}

async function check(input: Buffer): Promise<void> {
  const [seed = 0] = input;
  const text = input.toString('utf8', 1);
  const inspector = new FakeInspector(false);
  const { hub } = inspector;
  try {
    const refusal = await open(inspector, chunksOf(text, new Random(seed)));
    const lines = text
      .replace(/^\ufeff/, '')
      .split('\n')
      .filter((line) => line !== '');
    const isOurs = lines[0]?.startsWith('{"type":"wirechart.program","version":1,') ?? false;
    if (!isOurs && refusal === undefined)
      throw new Mismatch('The text was taken for a recording', 'an error', refusal);
    const page = pageOf(inspector);
    // Before it starts the thread for the layout, which takes longer than the rest.
    await hub.close();
    checkPage(page);
    checkNumbers(page, lines.length);
    if (refusal === undefined) await checkSaved(inspector, page);
    checkTotals(hub);
  } finally {
    await hub.close();
  }
  checkPrototypes();
}

/** @throws {Mismatch} When a recording has become more than it has lines. */
function checkNumbers(page: readonly ServerMessage[], lines: number): void {
  const entries = page.filter((message) => message.type === 'entry');
  const problems = entries.filter(({ kind }) => kind === 'problem').length;
  // A line may be an entry, and the reason why its chart is not drawn.
  if (entries.length - problems > lines || problems > BOUNDS.problems * 2)
    throw new Mismatch('There are more entries than lines', lines, entries.length);
}

/** @throws {Mismatch} When the recording that a page saves is another one. */
async function checkSaved(inspector: FakeInspector, page: readonly ServerMessage[]): Promise<void> {
  const saved = [...inspector.hub.recording()].join('');
  const again = new FakeInspector(false);
  expectEqual('The saved recording is refused', await open(again, [saved]), undefined);
  const reopened = pageOf(again);
  await again.hub.close();
  expectEqual('The saved recording is another one', kindsOf(reopened), kindsOf(page));
}

/** What happened to which actor, except for problems, which are shortened and counted. */
function kindsOf(page: readonly ServerMessage[]): string[] {
  const names = new Map<string, string>();
  for (const message of page) if (message.type === 'actor') names.set(message.id, message.name);
  return page.flatMap((message) =>
    message.type === 'entry' && message.kind !== 'problem'
      ? [`${message.kind} of ${names.get(message.actor) ?? 'an unknown actor'}`]
      : [],
  );
}

/** Recordings. */
export const RECORDINGS: Target = {
  name: 'recordings',
  dictionary: [...INSPECTOR_WORDS, `\n${MESSAGES.introduction}\n`],
  maxSize: 4000,
  budget: {
    maxNanoseconds: 2000,
    // The first page starts the thread of the layouts.
    minRunMs: 30,
    run: async (input) => {
      const inspector = new FakeInspector(false);
      await open(inspector, [input.toString('utf8', 1)]);
      pageOf(inspector);
      await inspector.hub.close();
    },
  },
  run: (input) => checkSettles(() => check(input)),
};
