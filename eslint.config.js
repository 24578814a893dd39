// The rules of the house. The second half enforces the layers: machines know no sockets, sockets know
// no states, only the facade joins both, and a client knows only the facade and the words.
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const NODE = {
  regex: '^node:',
  message: 'This layer uses no Node module.',
  allowTypeImports: true,
};
const XSTATE = {
  regex: '^xstate',
  message: 'This layer uses no statechart.',
  allowTypeImports: true,
};
/** Imports from folders of `src/`, from another folder of it. */
const folders = (names, message, rest = {}) => ({
  regex: `^\\.\\./(\\.\\./)?(${names.join('|')})/`,
  message,
  ...rest,
});
const MACHINES = folders(['machines'], 'This layer uses no machine.', { allowTypeImports: true });
const IO = folders(['io'], 'This layer does no I/O.');
const INSPECT = folders(
  ['inspect'],
  'Only protocol/machine.ts, diagnostics.ts and logging.ts use it.',
);
/** The files of the feed that need Node. The others run in browsers, too. */
const NODE_FILES =
  'ambient|endpoint|exit-hooks|inspect-to|node-program|node-transport|proof|proven-socket|record-to|recording-files';
const FEED_IN_NODE = `src/inspect/{index,${NODE_FILES.replaceAll('|', ',')}}.ts`;
const FEED_OF_NODE = {
  regex: `^\\./(${NODE_FILES})\\.ts$`,
  message: 'Browsers have this file, too, and not that one.',
};
const FACADES = folders(['protocol', 'server', 'supervisor'], 'This layer is below the facades.');
const CLIENTS = folders(['rpc', 'qmp', 'qga', 'testing'], 'This layer is below the clients.');
const TESTING = folders(['testing'], 'Only tests use it.');
const ENTRY = { regex: '(^|/)index\\.ts$', message: 'Import the module itself.' };
/** What the feed does not import; types of machines neither. */
const FEED = [XSTATE, ENTRY, { ...MACHINES, allowTypeImports: false }, IO, FACADES, CLIENTS];
const OURS = {
  regex: '\\.\\./\\.\\./src/',
  message: 'The inspector and the library share the wire, and no code.',
};

/** Values from outside may be of another realm or of a second copy of the package. */
const INSTANCEOF = {
  selector:
    "BinaryExpression[operator='instanceof']" +
    ':not([right.name=/^(CommandFailure|Fault|JobScript|ParseError|PlainCommand|SanitizeError|Sequence)$/])',
  message: 'Judge a value by its shape: see src/core/shape.ts.',
};
/** Texts that begin like this. */
const texts = (pattern) =>
  `:matches(Literal[value=/${pattern}/], TemplateElement[value.raw=/${pattern}/])`;
const KNOWN_THERE = 'Only src/inspect/xstate.ts knows it: see the note there on XState 6.';
/** What XState announces to inspectors. */
const ANNOUNCED = { selector: texts(String.raw`^@xstate\.`), message: KNOWN_THERE };
/** XState's own events and actions, but for the words of version 4 that the wire has. */
const OWN_WORDS = {
  selector: texts(String.raw`^xstate\.(?!(event|inspecting|invoke)$|after\()`),
  message: KNOWN_THERE,
};
/** What XState's types leave out, and the type of what it announces. */
const INTERNALS = {
  selector:
    ':matches(Identifier[name=/^_(parent|processingStatus|scheduledEvents|transitions)$/],' +
    "ImportDeclaration[source.value='xstate'] ImportSpecifier[imported.name='InspectionEvent'])",
  message: KNOWN_THERE,
};

const without = (files, ...syntax) => ({
  files,
  rules: { 'no-restricted-syntax': ['error', ...syntax] },
});

const only = (files, ...patterns) => ({
  files,
  rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
});

export default defineConfig(
  {
    ignores: [
      '**/dist/',
      'coverage/',
      'site/',
      '.examples-*/',
      '.users-*/',
      'test/packed/fixtures/*.ts',
      // Made by scripts/qapi.ts.
      'src/qapi/[0-9]*.ts',
    ],
  },
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
    files: ['src/machines/*-setup.ts'],
    rules: { '@typescript-eslint/no-unnecessary-type-assertion': 'off' },
  },
  {
    // The two spellings that XState's types want: a name for a machine's inferred type, which keeps the
    // declarations of those who embed it small, and generics that only the inferred type mentions.
    files: ['src/machines/protocol-{machine,setup}.ts', 'src/supervisor/machine.ts'],
    rules: {
      '@typescript-eslint/no-empty-object-type': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
  // An interface that is there for users to merge members into.
  { files: ['src/qapi/base.ts'], rules: { '@typescript-eslint/no-empty-object-type': 'off' } },
  {
    // An aborted wait rejects with the caller's own `signal.reason`, of whatever type; an actor's wait
    // with what was thrown.
    files: [
      'src/async/{abort,channel,pending-call}.ts',
      'src/machines/wait.ts',
      'src/qmp/events/events.ts',
    ],
    rules: {
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
    },
  },
  // Only classes whose objects never leave a module, or are made by its user, may be compared with.
  without(['src/**/*.ts'], INSTANCEOF, ANNOUNCED),
  without(['src/inspect/!(xstate).ts'], INSTANCEOF, ANNOUNCED, OWN_WORDS, INTERNALS),
  without(['src/inspect/xstate.ts'], INSTANCEOF),
  without(['{inspector,scripts,examples}/**/*.ts'], ANNOUNCED),
  { files: ['**/*.js', '**/*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
  only(
    ['src/core/*.ts'],
    ...[NODE, XSTATE, ENTRY, folders(['[a-z]+'], 'core imports nothing of ours.')],
  ),
  only(
    ['src/async/*.ts', 'src/codecs/*.ts'],
    NODE,
    XSTATE,
    ENTRY,
    { ...MACHINES, allowTypeImports: false },
    IO,
    INSPECT,
    FACADES,
    CLIENTS,
  ),
  only(['src/machines/*.ts'], NODE, ENTRY, IO, INSPECT, FACADES, CLIENTS),
  only(['src/io/**/*.ts'], XSTATE, ENTRY, MACHINES, INSPECT, FACADES, CLIENTS),
  // It watches any actor system, and needs of ours only core and async: wirechart-inspect has no more.
  only(['src/inspect/*.ts'], ...FEED, NODE, FEED_OF_NODE),
  only([FEED_IN_NODE], ...FEED),
  // The facades. In their `machine.ts` charts and I/O meet.
  only(
    ['src/{protocol,server,supervisor}/machine.ts', 'src/protocol/{diagnostics,logging}.ts'],
    ...[ENTRY, CLIENTS],
  ),
  only(
    ['src/{protocol,server}/!(machine|diagnostics|logging).ts'],
    ...[NODE, XSTATE, ENTRY, MACHINES, IO, INSPECT, CLIENTS],
  ),
  only(['src/supervisor/!(machine).ts'], NODE, ENTRY, IO, INSPECT, CLIENTS),
  only(['src/{rpc,qmp,qga}/**/*.ts'], NODE, XSTATE, MACHINES, IO, INSPECT, TESTING),
  only(['src/testing/**/*.ts'], XSTATE, MACHINES, IO, INSPECT),
  only(['src/index.ts'], NODE, INSPECT, CLIENTS),
  only(['inspect/src/browser.ts'], NODE, {
    ...FEED_OF_NODE,
    regex: FEED_OF_NODE.regex.replace('^\\./', '^\\.\\./\\.\\./src/inspect/'),
  }),
  only(['inspector/src/*.ts'], OURS),
  only(['inspector/page/*.ts', 'inspector/shared/*.ts'], OURS, NODE, XSTATE),
);
