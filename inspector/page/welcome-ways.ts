/** The lines that connect a program with the inspector, for each kind of program. */

/** A way to connect a program. */
export interface Way {
  readonly title: string;
  readonly lines: readonly string[];
}

/** @param url - The URL of the inspector, with its token. It has no quotes: it is from the address bar. */
export const waysFor = (url: string): readonly Way[] => [
  {
    title: 'A Node program with XState 5: npm install wirechart-inspect',
    lines: [
      "import { inspectTo } from 'wirechart-inspect';",
      `const { inspect } = inspectTo('${url}');`,
      'createActor(machine, { inspect }).start();',
    ],
  },
  {
    title: 'A web page or a worker: a module of its own, inspect.js',
    lines: [
      "import { inspectTo } from 'wirechart-inspect';",
      `export const { inspect } = inspectTo('${url}');`,
      "// elsewhere: import { inspect } from './inspect.js'",
    ],
  },
  {
    title: 'React with @xstate/react: the first two lines outside of the component',
    lines: [
      "import { inspectTo } from 'wirechart-inspect';",
      `const { inspect } = inspectTo('${url}');`,
      'const [state, send] = useMachine(machine, { inspect });',
    ],
  },
  {
    title: 'A program that uses wirechart',
    lines: [`WIRECHART_INSPECT='${url}' node program.js`],
  },
];
