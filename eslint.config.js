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
const MACHINES = { regex: '(^|/)machines/', message: 'This layer knows no machine.' };
const FACADE = { regex: '(^|/)protocol\\.ts$', message: 'This layer stands below the facade.' };
const CLIENTS = { regex: '(^|/)(qmp|testing)/', message: 'This layer stands below the clients.' };

const only = (files, ...patterns) => ({
  files,
  rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
});

export default defineConfig(
  { ignores: ['dist/', 'coverage/'] },
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
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked] },
  only(['src/*.ts', 'src/codecs/*.ts'], NODE, XSTATE, IO, MACHINES, FACADE, CLIENTS),
  only(['src/io/*.ts'], XSTATE, MACHINES, FACADE, CLIENTS),
  only(['src/machines/*.ts'], NODE, IO, FACADE, CLIENTS),
  only(['src/protocol.ts'], CLIENTS),
  only(['src/index.ts'], NODE, CLIENTS),
  only(['src/qmp/*.ts'], NODE, XSTATE, IO, MACHINES, { regex: 'testing/', message: 'Not here.' }),
  only(['src/testing/*.ts'], XSTATE, IO, MACHINES),
);
