/** Parts of the messages of programs, pages and receivers. */

const text = (value: unknown): string => JSON.stringify(value);

const DOOR = {
  id: 'door',
  initial: 'closed',
  states: { closed: { on: { OPEN: 'open' } }, open: { on: { CLOSE: { target: 'closed' } } } },
};
const scxml = (name: string) => ({ name, data: { type: name }, $$type: 'scxml', type: 'external' });
const state = (value: unknown) => text({ value, context: { n: 1 }, _event: scxml('xstate.init') });

/** The message that registers an actor with a definition. */
export const registration = (machine: string): string =>
  text({
    type: 'service.register',
    machine,
    state: state('closed'),
    id: 'door',
    sessionId: 'x:1',
    wirechart: { at: 1, status: 'active', kind: 'machine' },
  });

/** Complete messages. */
export const MESSAGES = {
  introduction:
    '{"type":"wirechart.program","version":1,"name":"p","pid":1,"instance":"i","control":true,"at":1}',
  register: registration(text(DOOR)),
  state: text({
    type: 'service.state',
    state: state({ open: { a: 'b' } }),
    sessionId: 'x:1',
    wirechart: {
      ...{ at: 2, status: 'done', output: [1], error: null, actions: ['a'], emitted: [{}] },
      microsteps: [
        { event: 'E', value: 'a', transitions: [{ source: 'a', event: 'E', target: ['b'] }] },
      ],
      deadlines: [{ event: 'xstate.after(5)#a', ms: 5, startedAt: 1 }],
    },
  }),
  event: text({ type: 'service.event', event: text(scxml('OPEN')), sessionId: 'x:1' }),
  stop: text({ type: 'service.stop', sessionId: 'x:1', wirechart: { at: 3 } }),
  message: text({
    ...{ type: 'wirechart.message', sessionId: 'x:1', direction: 'in', text: '{}' },
    ...{ bytes: 2, skipped: 0, at: 4 },
  }),
  problem: text({ type: 'wirechart.problem', text: 'trouble', at: 5 }),
  chart: text({ type: 'chart', id: 'AAAAAAAAAAAAAAAA' }),
  wire: text({ type: 'wire', on: true }),
  collapsed: text({
    type: 'chart',
    id: 'AAAAAAAAAAAAAAAA',
    collapsed: ['door.open'],
    cancel: true,
  }),
  shape: text({ type: 'shape', id: 'AAAAAAAAAAAAAAAA' }),
  forget: text({ type: 'forget', program: 'p1' }),
  send: text({ type: 'send', id: 1, actor: 'p1/x:1', event: { type: 'OPEN' } }),
  refused: text({ type: 'wirechart.problem', text: 'The program refused an event: no', at: 5 }),
  inspecting: text({ type: 'xstate.inspecting' }),
  forward: text({
    type: 'xstate.event',
    service: 'p1/x:1',
    event: text({ ...scxml('OPEN'), origin: 'p1/x:1' }),
  }),
} as const;

const NESTED = [
  ...['"states":{"a":', '"on":{"E":"b"}', '"always":[', '"invoke":{"src":"x","id":"i"},', '}}'],
  ...['"type":"parallel",', '"initial":"a",', '"history":"deep",', '"after":{"5":"b"},'],
  ...['"delimiter":"/",', '"target":["a","b"],', '"cond":{"type":"x"},', '"key":"k",'],
];

/** Words for mutations. */
export const INSPECTOR_WORDS: readonly string[] = [
  ...['a', 'b', 'v', 'w', 'r'].map((name) => `\n${name}`),
  ...Object.values(MESSAGES).map((message) => `${message}\n`),
  ...['{', '}', '[', ']', '"', '\\"', ':', ',', '\n', '{}', '[]', 'null', '"x:1"', '"p1/x:1"'],
  ...['"__proto__":{"polluted":1},', '"constructor":{"prototype":{"polluted":1}},', '"__proto__"'],
  ...['"parent":"x:1",', '"sessionId":"x:2",', '"at":1e999,', '"at":-9e15,', '"pid":null,'],
  ...[
    '"machine":',
    '"state":',
    '"event":',
    '"wirechart":{"kind":"actor"},',
    '"data":{"type":"E"},',
  ],
  // The same in a text within a message.
  ...[...NESTED, ...NESTED.map((word) => text(word).slice(1, -1))],
  ...['\xff', '\xc3\xa9', '\xed\xa0\x80', '\x00', '\x1b[31m', '9007199254740993', '-0', '1e999'],
];
