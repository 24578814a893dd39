// The rules of the house. The second half enforces the layers: machines know no sockets, sockets know
// no states, only the facade joins both, and a client knows only the facade and the words.
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const NODE = {
  regex: '^node:',
  message: 'This layer knows no Node module.',
  allowTypeImports: true,
};
const XSTATE = {
  regex: '^xstate',
  message: 'This layer knows no statechart.',
  allowTypeImports: true,
};
const IO = { regex: '(^|/)io/', message: 'This layer knows no I/O.' };
const MACHINES = {
  regex: '(^|/)(machines/|machine\\.ts$)',
  message: 'This layer knows no machine.',
  allowTypeImports: true,
};
const FACADE = {
  regex: '^\\.\\.?/(protocol|protocol-server|peers|guest)\\.ts$',
  message: 'This layer stands below the facade.',
};
const CLIENTS = { regex: '(^|/)(qmp|testing)/', message: 'This layer stands below the clients.' };
const INSPECT = { regex: '(^|/)inspect/', message: 'Only machine.ts has itself inspected.' };
const OURS = {
  regex: '\\.\\./\\.\\./src/',
  message: 'The inspector and the library share the wire, and no code.',
};

const only = (files, ...patterns) => ({
  files,
  rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
});

export default defineConfig(
  { ignores: ['**/dist/', 'coverage/', '.readme-*/'] },
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    // XState reads the machine's types off `types: {} as …`; the rule takes the assertion for noise.
    files: ['src/machines/{vocabulary,supervision,server-vocabulary}.ts'],
    rules: { '@typescript-eslint/no-unnecessary-type-assertion': 'off' },
  },
  {
    // The two spellings that XState's types want: a name for a machine's inferred type, which keeps the
    // declarations of those who embed it small, and generics that only the inferred type mentions.
    files: ['src/machine.ts', 'src/supervisor.ts', 'src/machines/vocabulary.ts'],
    rules: {
      '@typescript-eslint/no-empty-object-type': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
  {
    // An aborted wait rejects with the caller's own `signal.reason`, of whatever type; an actor's wait
    // with what was thrown.
    files: ['src/abort.ts', 'src/attempt.ts', 'src/machines/wait.ts', 'src/qmp/events.ts'],
    rules: {
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
    },
  },
  { files: ['**/*.js', '**/*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
  only(['src/*.ts', 'src/codecs/*.ts'], NODE, XSTATE, IO, MACHINES, FACADE, CLIENTS, INSPECT),
  // Where machines and I/O meet.
  only(['src/machine.ts', 'src/server.ts'], FACADE, CLIENTS),
  only(['src/supervise.ts', 'src/supervisor.ts'], NODE, IO, CLIENTS, INSPECT),
  only(['src/io/*.ts'], XSTATE, MACHINES, FACADE, CLIENTS, INSPECT),
  only(['src/machines/*.ts'], NODE, IO, FACADE, CLIENTS, INSPECT),
  only(
    ['src/protocol.ts', 'src/protocol-server.ts', 'src/peers.ts', 'src/guest.ts'],
    ...[NODE, XSTATE, IO, CLIENTS, INSPECT],
  ),
  only(['src/index.ts'], NODE, CLIENTS, INSPECT),
  only(['src/qmp/*.ts'], NODE, XSTATE, IO, MACHINES, { regex: 'testing/', message: 'Not here.' }),
  only(['src/testing/*.ts'], XSTATE, IO, MACHINES),
  // It watches any actor system, and knows of ours only the words.
  only(['src/inspect/*.ts'], XSTATE, IO, MACHINES, FACADE, CLIENTS),
  only(['inspector/src/*.ts'], OURS),
  only(['inspector/page/*.ts', 'inspector/shared/*.ts'], OURS, NODE, XSTATE),
);
