/** Recordings by which a stranger tries to end the inspector, or to hold it up. */

import { introduction, registration } from './fake-program.ts';

/** A line of a recording, and what a problem entry must say of it; `undefined` if it is harmless. */
export interface HostileLine {
  readonly name: string;
  readonly line: string;
  readonly problem: RegExp | undefined;
}

/** A JSON value that is nested as deeply as this. It is a text: no function could convert it. */
export const nested = (levels: number, key = 'a'): string =>
  `{"${key}":`.repeat(levels) + '"end"' + '}'.repeat(levels);

/** A JSON array with many copies of a JSON value. */
const listOf = (count: number, item: string): string => `[${Array(count).fill(item).join(',')}]`;

/** A JSON object with many properties of the same value. */
const objectOf = (count: number, item: string): string =>
  `{${Array.from({ length: count }, (_, at) => `"s${String(at)}":${item}`).join(',')}}`;

const MEGABYTE = 'x'.repeat(1_000_000);
const SCXML = '{"name":"E","data":{"type":"E"},"$$type":"scxml","type":"external"}';

/** An XState 4 state as JSON, some of whose fields are replaced by JSON texts. */
const stateWith = (fields: Readonly<Record<string, string>>): string => {
  const all = { value: '"closed"', context: '{}', _event: SCXML, ...fields };
  return `{${Object.entries(all)
    .map(([key, text]) => `${JSON.stringify(key)}:${text}`)
    .join(',')}}`;
};

const lineOf = (message: object): string => JSON.stringify(message);

const stateLine = (fields: Readonly<Record<string, string>>): string =>
  lineOf({ type: 'service.state', state: stateWith(fields), sessionId: 'x:0', wirechart: {} });

const eventLine = (data: string): string =>
  lineOf({ type: 'service.event', event: `{"name":"E","data":${data}}`, sessionId: 'x:0' });

/** A line with a raw JSON text in the field `wirechart`. */
const factsLine = (facts: string): string =>
  `{"type":"service.state","sessionId":"x:0","state":${JSON.stringify(stateWith({}))},"wirechart":${facts}}`;

/** The registration of another actor, which must not be refused. */
const machineLine = (machine: string): string =>
  lineOf(registration('x:hostile', { id: 'hostile', machine }));

const deepMachine = (levels: number): string =>
  `{"id":"m","states":${'{"a":{"states":'.repeat(levels)}{}${'}}'.repeat(levels)}}`;

const DEEP = /nested more than 256 levels deep/;

const deepLines = [2_500, 8_000, 100_000].flatMap((levels): HostileLine[] => {
  const of = (what: string) => `${what}, ${String(levels)} levels deep`;
  const deep = nested(levels);
  return [
    { name: of('a state value'), line: stateLine({ value: deep }), problem: DEEP },
    { name: of('a context'), line: stateLine({ context: deep }), problem: DEEP },
    { name: of('children'), line: stateLine({ children: deep }), problem: DEEP },
    { name: of('a state'), line: stateLine({ history: deep }), problem: DEEP },
    { name: of('the data of an event'), line: eventLine(deep), problem: DEEP },
    { name: of('an output'), line: factsLine(`{"output":${deep}}`), problem: DEEP },
    { name: of('an emitted event'), line: factsLine(`{"emitted":[${deep}]}`), problem: DEEP },
    { name: of('a list'), line: '['.repeat(levels), problem: DEEP },
    { name: of('a machine'), line: machineLine(deepMachine(levels)), problem: DEEP },
    {
      name: of('the meta data of a machine'),
      line: machineLine(`{"id":"m","meta":${deep}}`),
      problem: DEEP,
    },
  ];
});

const largeLines: readonly HostileLine[] = [
  {
    name: 'a machine with 200 000 states',
    line: machineLine(`{"id":"m","states":${objectOf(200_000, '{}')}}`),
    problem: /the definition has more than 100000 values/,
  },
  {
    name: 'a machine with 20 000 states',
    line: machineLine(`{"id":"m","states":${objectOf(20_000, '{}')}}`),
    problem: /the machine has 20001 states; at most 2000 are drawn/,
  },
  {
    name: 'a machine with states 70 levels deep',
    line: machineLine(deepMachine(70)),
    problem: /the machine is nested more than 64 levels deep/,
  },
  {
    name: 'a machine with 50 000 transitions to one state',
    line: machineLine(
      `{"id":"m","initial":"a","states":{"a":{}},"on":${objectOf(50_000, '".a"')}}`,
    ),
    problem: /the machine has more than 10000 transitions/,
  },
  {
    name: 'a machine with 50 000 transitions of one event',
    line: machineLine(`{"id":"m","states":{"a":{"on":{"E":${listOf(50_000, '"b"')}}},"b":{}}}`),
    problem: /the machine has more than 10000 transitions/,
  },
  {
    name: 'a machine that invokes 20 000 machines',
    line: machineLine(`{"id":"m","invoke":${listOf(20_000, '{"__xstatenode":true}')}}`),
    problem: /the machine has more than 2000 invoked actors/,
  },
  {
    name: 'a machine whose ids are joined by a megabyte',
    line: machineLine(
      `{"id":"m","delimiter":"${MEGABYTE}","states":${objectOf(1_900, '{"states":{"a":{}}}')}}`,
    ),
    problem: /the 'delimiter' of a state is not a string of 16 characters or less/,
  },
  {
    name: 'a machine with the name of a state of a megabyte',
    line: machineLine(`{"id":"m","states":{"${MEGABYTE}":{}}}`),
    problem: /the name of a state is not a string of 1024 characters or less/,
  },
  {
    name: 'a machine with a key that is a list',
    line: machineLine(`{"id":"m","states":{"a":{"key":["a"]}}}`),
    problem: /the 'key' of a state is not a string/,
  },
  {
    name: 'a definition of 5 MiB',
    line: machineLine(`{"id":"m","description":"${'x'.repeat(5 * 1024 * 1024)}"}`),
    problem: /the definition has more than 4194304 characters/,
  },
  {
    name: 'a state value with 50 000 states',
    line: stateLine({ value: objectOf(50_000, '"a"') }),
    problem: /its state value has more than 5000 values/,
  },
  {
    name: 'a state value 70 levels deep',
    line: stateLine({ value: nested(70) }),
    problem: /its state value is nested more than 64 levels deep/,
  },
  {
    name: 'a state value of a megabyte',
    line: stateLine({ value: JSON.stringify(MEGABYTE) }),
    problem: /its state value has more than 65536 characters/,
  },
  {
    name: 'a context with five million values',
    line: stateLine({ context: `[${'{},'.repeat(5_000_000)}{}]` }),
    problem: /its 'state' has more than 100000 values/,
  },
  {
    name: 'five million lists',
    line: `[${'[],'.repeat(5_000_000)}[]]`,
    problem: /it has more than 100000 values/,
  },
  {
    name: 'a state that is a list with a text',
    line: `{"type":"service.state","sessionId":"x:0","state":["${'['.repeat(8_000)}"]}`,
    problem: /its 'state' is not a string/,
  },
  ...['microsteps', 'actions', 'emitted', 'deadlines'].map((key) => ({
    name: `20 000 ${key}`,
    line: factsLine(`{"${key}":${listOf(20_000, '{}')}}`),
    problem: new RegExp(`its '${key}' has more than 1000 items`),
  })),
  {
    name: 'an action with a name of a megabyte',
    line: factsLine(`{"actions":["${MEGABYTE}"]}`),
    problem: /its 'actions' has more than 8192 characters/,
  },
  {
    name: 'the id of an actor of a megabyte',
    line: lineOf(registration(MEGABYTE)),
    problem: /its 'sessionId' is not a string of 1024 characters or less/,
  },
];

const oddLines: readonly HostileLine[] = [
  { name: 'numbers beyond all bounds', line: stateLine({ context: '{"a":1e999,"b":-1e999}' }) },
  {
    name: 'times beyond all bounds',
    line: factsLine('{"at":1e999,"deadlines":[{"event":"E","ms":1e308,"startedAt":-1e308}]}'),
  },
  { name: 'a time before all others', line: factsLine('{"at":-8.64e99}') },
  { name: 'a list as its context', line: stateLine({ context: '[1,[2]]', children: '[3]' }) },
  { name: 'a list as its facts', line: factsLine('[{"at":1}]') },
  {
    name: 'names with a meaning in JavaScript',
    line: stateLine({ value: '{"__proto__":"constructor"}', context: '{"__proto__":{"a":1}}' }),
  },
  { name: 'a machine with a list of states', line: machineLine('{"id":"m","states":[{},{}]}') },
  {
    name: 'the name of an event against patterns',
    line: lineOf({
      type: 'service.event',
      sessionId: 'x:0',
      event: JSON.stringify({ name: `xstate.after(${')#'.repeat(500)}\n`, data: {} }),
    }),
  },
  { name: 'a text of 8 MB', line: stateLine({ context: `"${MEGABYTE.repeat(8)}"` }) },
].map((one) => ({ ...one, problem: undefined }));

/** All hostile lines. */
export const HOSTILE_LINES: readonly HostileLine[] = [...deepLines, ...largeLines, ...oddLines];

/** A recording with an actor, hostile lines, and an event of the actor after them. */
export const recordingWith = (...lines: readonly string[]): string =>
  [
    lineOf(introduction({ name: 'hostile' })),
    lineOf(registration('x:0', { id: 'door' })),
    ...lines,
    lineOf({ type: 'service.event', event: SCXML.replace('"E"', '"AFTER"'), sessionId: 'x:0' }),
    '',
  ].join('\n');
