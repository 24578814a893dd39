/** The parts of a test before its body: where the machine comes from, and what stands for its actors. */

import { inComment, keyLiteral } from './replay-literal.ts';
import type { ReplaySource } from './replay-part.ts';
import type { MachineShape, ShapeInvocation } from './shape.ts';

/** In two parts: what looks like an import of the page itself is changed when the page is compiled. */
const PATH = ['./machine', 'ts'].join('.');

/** The import of the machine, and what to do with it. */
export function machineImport({ actor, shape }: ReplaySource): {
  readonly line: string;
  readonly comments: readonly string[];
} {
  if (shape !== undefined && isConnection(shape)) {
    return {
      comments: [
        '// Fill in how your program makes this machine: with its own codec, it is',
        "// `createProtocolMachine({ codec: … })` of 'wirechart'.",
      ],
      line: "import { createQmpMachine } from 'wirechart/qmp';\n\nconst machine = createQmpMachine();",
    };
  }
  const name = inComment(shape?.machine ?? actor.name);
  return {
    comments: [`// Fill in the path of your machine '${name}' in the import of '${PATH}'.`],
    line: `import { machine } from '${PATH}';`,
  };
}

/** Whether it is the chart of a connection of wirechart. */
const isConnection = ({ machine, states }: MachineShape): boolean =>
  machine === 'protocol' &&
  ['IDLE', 'CONNECTING', 'RUNNING', 'DISCONNECTING'].every((key) =>
    states.some(({ id }) => id === `protocol.${key}`),
  );

/** What replaces the actors of a machine. */
export interface Silencing {
  readonly imports: readonly string[];
  readonly lines: readonly string[];
  /** The expression of the machine that is tested. */
  readonly machine: string;
}

/** Replaces all actors of a machine by ones that do nothing. */
export function silencing({ shape, children }: ReplaySource): Silencing {
  const invokes = shape?.states.flatMap((state) => state.invokes) ?? [];
  const names = [...new Set(invokes.map(({ src }) => src).filter((src) => !isInline(src)))].sort();
  const hasInline = shape === undefined || invokes.some(({ src }) => isInline(src));
  const ids = new Set(invokes.map(({ id }) => id));
  const hasSpawned = children.some((id) => !ids.has(id));
  if (names.length === 0 && !hasInline && !hasSpawned)
    return {
      imports: [],
      lines: ['', 'const tested: AnyStateMachine = machine;'],
      machine: 'tested',
    };
  const provided = [
    ...(hasSpawned || shape === undefined ? [SPAWNED] : []),
    ...names.map((name) => `    ${keyLiteral(name)}: silent,`),
  ];
  const base = hasInline ? SILENCED_MACHINE : 'machine';
  return {
    imports: ['fromCallback', ...(hasInline ? ['createMachine'] : [])],
    lines: [
      '',
      '/** Stands for the actors that the machine starts: it does nothing. The test sends what they sent. */',
      'const silent = fromCallback(() => undefined);',
      ...(hasInline ? INLINE : []),
      ...(provided.length === 0
        ? [`const tested: AnyStateMachine = ${base};`]
        : [
            `const tested: AnyStateMachine = ${base}.provide({`,
            '  actors: {',
            ...provided,
            '  },',
            '});',
          ]),
    ],
    machine: 'tested',
  };
}

/** Whether an invocation has logic without a name. */
const isInline = (src: ShapeInvocation['src']): boolean => src.startsWith('xstate.invoke.');

/** It spawns actors, by names that no definition lists. */
const SPAWNED = `    ...Object.fromEntries(
      Object.keys(machine.implementations.actors).map((src) => [src, silent]),
    ),`;

const SILENCED_MACHINE =
  'createMachine(silenced(machine.config), machine.implementations as object)';

/** Logic without a name is replaced in the config. */
const INLINE = `
interface Config {
  readonly invoke?: unknown;
  readonly states?: Readonly<Record<string, Config>>;
}

/** A machine's config with \`silent\` in place of invoked logic that has no name. */
function silenced(config: Config): object {
  const invokes = [config.invoke ?? []].flat().map((invoke) => {
    const { src }: { src?: unknown } = Object(invoke);
    return { ...Object(invoke), src: typeof src === 'string' ? src : silent };
  });
  const states = Object.entries(config.states ?? {});
  return {
    ...config,
    ...(invokes.length > 0 && { invoke: invokes }),
    ...(states.length > 0 && {
      states: Object.fromEntries(states.map(([key, state]) => [key, silenced(state)])),
    }),
  };
}
`.split('\n');
