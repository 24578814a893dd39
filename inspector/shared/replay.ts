/**
 * Copy as test: writes a test that makes a machine do again what an actor did. It runs with Vitest and
 * XState's SimulatedClock, so that deadlines of hours take no time.
 */

import { partToReplay, type ReplayPart, type ReplaySource } from './replay-part.ts';
import {
  group,
  inComment,
  isStandIn,
  isTooLong,
  keyLiteral,
  literal,
  quoted,
  standInsIn,
} from './replay-literal.ts';
import { type ReplayStep, stepsOf } from './replay-steps.ts';
import { machineImport, type Silencing, silencing } from './replay-setup.ts';
import type { ActorState, Json } from './view.ts';
import { v5Name, valueText } from './words.ts';

export type { ReplaySource } from './replay-part.ts';

/**
 * The text of a test file in TypeScript.
 *
 * @returns `undefined` when nothing is known of the actor, or it is not a machine.
 */
export function replayTest(source: ReplaySource): string | undefined {
  const part = partToReplay(source);
  if (part === undefined) return undefined;
  const steps = stepsOf(part.handled, part.begin, part.isStart);
  const stands = silencing(source);
  const body = [
    ...startLines(part, stands),
    ...expectLines(part.begin.value),
    ...steps.flatMap((step) => stepLines(step, source)),
    ...endLines(part.end),
  ];
  const { line, comments } = machineImport(source);
  return [
    ...comments,
    "import { expect, test } from 'vitest';",
    `import { ${['type AnyStateMachine', 'createActor', ...stands.imports, 'SimulatedClock'].sort(byName).join(', ')} } from 'xstate';`,
    line,
    ...stands.lines,
    '',
    `test(${quoted(titleOf(source, part))}, () => {`,
    ...body.map((text) => (text === '' ? '' : `  ${text}`)),
    '});',
    '',
  ].join('\n');
}

const byName = (one: string, other: string): number =>
  one.replace('type ', '').localeCompare(other.replace('type ', ''));

/** `door goes from closed to open, then fails` */
function titleOf({ actor, shape }: ReplaySource, { begin, end, handled }: ReplayPart): string {
  // XState calls a root actor without an id by its session.
  const isUnnamed = /^x:\d+$/.test(actor.name);
  const name = ((isUnnamed ? shape?.machine : undefined) ?? actor.name).slice(0, 100);
  const [from, to] = [begin.value, end.value].map((value) => valueText(value).slice(0, 200));
  const ending = {
    active: '',
    done: ', then ends',
    error: ', then fails',
    stopped: ', then stops',
  };
  const way =
    handled.length === 0 ? `starts in ${from ?? ''}` : `goes from ${from ?? ''} to ${to ?? ''}`;
  return `${name} ${way}${ending[end.status]}`;
}

function startLines(part: ReplayPart, { machine }: Silencing): string[] {
  const { isStart, begin, end, input, why } = part;
  const notes = isStart
    ? []
    : [`// ${why}: the test begins in that state, without the actors of it.`];
  const snapshot = isStart
    ? []
    : [
        `snapshot: ${machine}.resolveState({ value: ${literal(begin.value, '  ')}, context: ${literal(begin.context, '  ')} })`,
      ];
  const hidden = isStart ? (input ?? null) : begin.context;
  const options = [
    'clock',
    ...(isStart && input !== undefined ? [`input: ${literal(input, '  ')}`] : []),
    ...snapshot,
  ];
  return [
    ...notes,
    ...hiddenNotes(hidden),
    'const clock = new SimulatedClock();',
    `const actor = createActor(${machine}, ${group(options, ['{ ', ' }'], '  ')});`,
    ...(end.status === 'error' || begin.status === 'error'
      ? ['actor.subscribe({ error: () => undefined }); // It ends in error.']
      : []),
    'actor.start();',
  ];
}

/** Says what of a value is not the value itself. */
const hiddenNotes = (value: Json): string[] =>
  standInsIn(value).map(
    (text) =>
      `// ${inComment(quoted(text))} stands for what the recording does not have: fill it in.`,
  );

function stepLines(step: ReplayStep, source: ReplaySource): string[] {
  switch (step.kind) {
    case 'advance':
      return ['', `clock.increment(${String(step.ms)});`];
    case 'stop':
      return ['', 'actor.stop();'];
    case 'expect':
      return expectLines(step.value);
    case 'send':
      return ['', ...sendLines(step, source)];
  }
}

function sendLines(
  { event, isTimer }: Extract<ReplayStep, { kind: 'send' }>,
  { nameOf }: ReplaySource,
): string[] {
  const type = v5Name(event.name);
  const from = event.origin === undefined ? undefined : nameOf(event.origin);
  const notes = [
    ...(isTimer ? ['// Its timer began before this test does.'] : []),
    ...(from === undefined || isTimer ? [] : [`// From '${inComment(from)}'.`]),
  ];
  if (isTooLong(event.data)) {
    return [
      ...notes,
      '// Its data is too long for a test: fill it in.',
      `actor.send({ type: ${quoted(type)} });`,
    ];
  }
  const data = isObject(event.data) ? event.data : {};
  const members = Object.entries({ ...data, type });
  const parts = members
    .sort(([one], [other]) => Number(other === 'type') - Number(one === 'type'))
    .map(([key, value]) => `${keyLiteral(key)}: ${memberLiteral(event.name, key, value)}`);
  return [...notes, ...hiddenNotes(data), `actor.send(${group(parts, ['{ ', ' }'], '  ')});`];
}

const ERROR_KEYS: ReadonlySet<string> = new Set(['name', 'message', 'stack']);

/** A machine gets the error of an actor as an Error again. */
function memberLiteral(event: string, key: string, value: Json): string {
  const isFailure = key === 'error' && event.startsWith('error.platform.');
  if (!isFailure || !isObject(value) || typeof value['message'] !== 'string')
    return literal(value, '  ');
  const { message, name } = value;
  const more = Object.entries(value).filter(([one]) => !ERROR_KEYS.has(one));
  const rest = {
    ...(typeof name === 'string' && name !== 'Error' && { name }),
    ...Object.fromEntries(more),
  };
  const error = `new Error(${quoted(message)})`;
  return Object.keys(rest).length === 0 ? error : `Object.assign(${error}, ${literal(rest, '  ')})`;
}

const expectLines = (value: Json): string[] => [
  `expect(actor.getSnapshot().value).toEqual(${literal(value, '')});`,
];

/** What the actor has come to. */
function endLines({ status, output, error }: ActorState): string[] {
  const lines = ['', `expect(actor.getSnapshot().status).toBe(${quoted(status)});`];
  if (status === 'active') return [...lines, 'actor.stop();'];
  if (status === 'done' && output !== undefined) return [...lines, ...outputLines(output)];
  const message = isObject(error ?? null) ? error : undefined;
  if (status !== 'error' || !isObject(message)) return lines;
  const text = message['message'];
  if (typeof text !== 'string' || isStandIn(text)) return lines;
  return [
    ...lines,
    `expect(actor.getSnapshot().error).toMatchObject({ message: ${quoted(text)} });`,
  ];
}

function outputLines(output: Json): string[] {
  if (isTooLong(output)) return ['// The output is too long for a test.'];
  if (!isObject(output))
    return isPlain(output)
      ? [`expect(actor.getSnapshot().output).toEqual(${literal(output, '')});`]
      : ['// The output is shown in another form in the recording: it is not compared.'];
  const plain = Object.fromEntries(Object.entries(output).filter(([, value]) => isPlain(value)));
  const isWhole = Object.keys(plain).length === Object.keys(output).length;
  return [
    ...(isWhole
      ? []
      : ['// Parts of the output are shown in another form in the recording: they are left out.']),
    `expect(actor.getSnapshot().output).toMatchObject(${literal(plain, '')});`,
  ];
}

/** Texts by which a recording shows dates, and numbers that JSON does not have. */
const OTHER_FORM = /^(?:NaN|-?Infinity|-?\d+n|\d{4}-\d\d-\d\dT[\d:.]+Z|\[undefined\])$/;
/** The member by which it shows a Map or Set. */
const COLLECTION = /^(?:Map|Set)\(\d+\)$/;

/** Whether a value in a recording is the value itself. */
function isPlain(value: Json): boolean {
  if (typeof value === 'string') return !isStandIn(value) && !OTHER_FORM.test(value);
  if (typeof value !== 'object' || value === null) return true;
  const keys = Object.keys(value);
  if (keys.some((key) => COLLECTION.test(key)) || keys.includes('stack')) return false;
  return Object.values(value).every(isPlain);
}

const isObject = (value: Json | undefined): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
