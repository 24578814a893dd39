/**
 * What a secret is, judged by the name of the member that holds it, and how it is hidden from people.
 *
 * Every outlet of the library (records, recordings, inspectors) hides secrets by these rules before it
 * writes. They are for display only: what is sent to a peer, or handed to a callback, is never touched.
 */

/** What is shown instead of a secret. */
export const REDACTED = '[redacted]';

/** Parts of names that always mean a secret, in names reduced to lower-case letters and digits. */
const SECRET_WORDS =
  /pass(?:word|phrase|wd|code)|secret|(?:private|api|access|signing|encryption|ticket)key|credential|^pass$|(?:pwd|pfx|psk)s?$/;
/** Names that mean a secret unless the value is a number: `token: 3` counts something. */
const SECRET_TEXTS = /^key$|(?:token|cookie|authorization|auth|jwt|bearer)s?$/;
/** Longer names are judged by their end. */
const MAX_NAME_CHARACTERS = 100;

const reduced = (name: string): string =>
  name
    .slice(-MAX_NAME_CHARACTERS)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');

/** What a name says: that its value is always a secret, is one unless it is a number, or is none. */
type Verdict = 'always' | 'texts' | 'never';

interface Name {
  /** The name, reduced. */
  readonly word: string;
  readonly verdict: Verdict;
}

/** The names seen so far: the same few come again and again. */
const names = /* @__PURE__ */ new Map<string, Name>();
const MAX_NAMES = 1_000;

function lookUp(name: string): Name {
  const known = names.get(name);
  if (known !== undefined) return known;
  const word = reduced(name);
  const verdict = SECRET_WORDS.test(word) ? 'always' : SECRET_TEXTS.test(word) ? 'texts' : 'never';
  const looked = { word, verdict } as const;
  if (name.length <= MAX_NAME_CHARACTERS && names.size < MAX_NAMES) names.set(name, looked);
  return looked;
}

/** Whether the value of a member of this name is a secret. Booleans, and what is absent, never are. */
export function isSecret(name: string, value: unknown): boolean {
  switch (typeof value) {
    case 'undefined':
    case 'boolean':
    case 'function':
      return false;
    case 'number':
    case 'bigint':
      return lookUp(name).verdict === 'always';
    default:
      return value !== null && (lookUp(name).verdict !== 'never' || isTlsSession(name, value));
  }
}

/** The option `session` of TLS, bytes with the keys of an earlier session: most sessions are something else. */
const isTlsSession = (name: string, value: unknown): boolean =>
  ArrayBuffer.isView(value) && lookUp(name).word.endsWith('session');

/** Members in which an object says what it is, or which of the members of another it describes. */
const LABELS = ['qom-type', 'kind', 'type', 'name', 'property', 'key'] as const;
/** Members that are secrets of an object whose label names one: `{ kind: 'Secret', data: '…' }`. */
const LABELLED = /* @__PURE__ */ new Set(['data', 'stringData', 'value', 'content']);

/** Whether a member is a secret because another member of its object says so. */
export function isLabelledSecret(name: string, read: (name: string) => unknown): boolean {
  if (!LABELLED.has(name)) return false;
  return LABELS.some((label) => {
    const word = read(label);
    return typeof word === 'string' && lookUp(word).verdict === 'always';
  });
}

/** Whether an item of a list is a secret because the item before it names one: `--password`, `hunter2`. */
export function isNamedByItem(before: unknown): boolean {
  if (typeof before !== 'string' || !/^[\w-]{1,40}$/.test(before)) return false;
  return before.startsWith('-') ? isSecret(before, '') : lookUp(before).verdict === 'always';
}

/** Every text that a rule applies to matches this: most texts do not, and are searched only once. */
const MAY_HAVE_SECRET = /pass|secret|token|cookie|key|auth|:\/\//i;
/** Each pattern takes time in proportion to the text: none goes back over what it has read. */
function createRules(): (readonly [pattern: RegExp, replacement: string])[] {
  const quotedOrWord = String.raw`(\\"(?:[^"\\]|\\[^"])*(?:\\"|$)|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s,;&"'}\])]+)`;
  return [
    // password=…, "token": "…", api_key: '…'
    [
      new RegExp(
        String.raw`((?:pass(?:word|phrase|wd|code)|secret|token|cookie|(?:api|private|access)[-_]?key)(?:=|\\?["']\s{0,8}[:=]\s{0,8}|\s{0,8}:\s{0,8}(?=["'])))${quotedOrWord}`,
        'gi',
      ),
      `$1${REDACTED}`,
    ],
    // "pass": "…" and "key": "…", which are words of other meanings outside of JSON
    [
      /(["'](?:pass|key|auth)["']\s{0,8}:\s{0,8})(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)/gi,
      `$1${REDACTED}`,
    ],
    // password: hunter2
    [/(pass(?:word|phrase|wd|code):\s{0,8})(?!\[)[^\s,;&"'}\])]+/gi, `$1${REDACTED}`],
    // Authorization: Bearer …
    [/(authorization:\s{0,8})(?!\[)[^\r\n"']+/gi, `$1${REDACTED}`],
    // https://user:password@host, rbd:pool/image:key=…, ?key=…
    [/(:\/\/[^\s:@/?#]{0,256}:)[^\s@/]+@/g, `$1${REDACTED}@`],
    [/([?&;:,]key=)[^\s&;:,"']+/gi, `$1${REDACTED}`],
    // secret,id=sec0,data=…
    [/(secret,\S{0,200}?\bdata=)[^\s,"']+/gi, `$1${REDACTED}`],
    // QEMU repeats an option that it does not like: -object secret,… and -object {"qom-type":"secret",…}
    [/(-object\s{1,8}(?:secret|tls-)[\w-]{0,80},)\S+?(?=:?(?:\s|$))/g, `$1${REDACTED}`],
    [/(-object\s{1,8}\{[^{}]{0,80}"(?:secret|tls-)[^"]{0,80}")[^}]*/g, `$1,${REDACTED}`],
  ];
}

const TEXT_RULES = /* @__PURE__ */ createRules();

/** Hides what looks like a secret in a text: `password=…`, `"token": "…"`, `://user:…@host`. */
export function redactText(text: string): string {
  if (!MAY_HAVE_SECRET.test(text)) return text;
  let shown = text;
  for (const [pattern, replacement] of TEXT_RULES) shown = shown.replace(pattern, replacement);
  return shown;
}

/** The options of `redactSecrets()`. */
export interface RedactOptions {
  /** The names of further members that are secrets, at any depth, in any case. Default: none. */
  readonly also?: readonly string[] | undefined;
  /** The names of members that are not, although they look like it, such as `key`. Default: none. */
  readonly except?: readonly string[] | undefined;
}

/** The deepest level that is copied. */
const MAX_DEPTH = 64;

/**
 * Returns a copy of a value in which secrets are replaced by `[redacted]`: the members whose names say that
 * they are secrets (`password`, `passphrase`, `secret`, `token`, `key`, `pfx`, … in any case and as a part
 * of longer names), and what follows such a name in a text (`password=…`, `://user:…@host`). Objects,
 * arrays, Maps and Sets are copied; bytes, dates and instances with a `toJSON()` are kept as they are.
 *
 * Recordings, inspectors and loggers do this to everything that they show. Call it in
 * `ProtocolDefinition.redact()`, which replaces the rule for the messages of one protocol.
 *
 * @param options - The names of members that are secrets too, and of those that are not.
 */
export function redactSecrets(value: unknown, options: RedactOptions = {}): unknown {
  return createRedactor(options)(value);
}

/** Returns `redactSecrets()` with these options, for many values. */
export function createRedactor({
  also = [],
  except = [],
}: RedactOptions): (value: unknown) => unknown {
  const own = { also: new Set(also.map(reduced)), except: new Set(except.map(reduced)) };
  return (value) => new Copying(own).copy(value);
}

interface OwnNames {
  readonly also: ReadonlySet<string>;
  readonly except: ReadonlySet<string>;
}

class Copying {
  readonly #names: OwnNames;
  readonly #ancestors: object[] = [];

  constructor(names: OwnNames) {
    this.#names = names;
  }

  copy(value: unknown): unknown {
    if (typeof value === 'string') return redactText(value);
    if (typeof value !== 'object' || value === null || isOpaque(value)) return value;
    if (this.#ancestors.includes(value)) return '[circular]';
    if (this.#ancestors.length >= MAX_DEPTH) return '[too deep]';
    this.#ancestors.push(value);
    const copied = this.#structure(value);
    this.#ancestors.pop();
    return copied;
  }

  #structure(value: object): unknown {
    if (Array.isArray(value)) return this.#items(value);
    if (isMap(value)) return new Map(this.#entries([...value]));
    if (isSet(value)) return new Set([...value].map((item) => this.copy(item)));
    return Object.fromEntries(this.#entries(Object.entries(value)));
  }

  #items(items: readonly unknown[]): unknown[] {
    return items.map((item, at) => (isNamedByItem(items[at - 1]) ? REDACTED : this.copy(item)));
  }

  #entries<K>(entries: (readonly [K, unknown])[]): (readonly [K, unknown])[] {
    const read = (name: string) => entries.find(([key]) => key === name)?.[1];
    return entries.map(([key, value]) =>
      typeof key === 'string' && this.#hides(key, value, read)
        ? [key, REDACTED]
        : [key, this.copy(value)],
    );
  }

  #hides(name: string, value: unknown, read: (name: string) => unknown): boolean {
    const { word } = lookUp(name);
    if (this.#names.except.has(word)) return false;
    if (this.#names.also.has(word)) return value !== undefined && value !== null;
    return isSecret(name, value) || isLabelledSecret(name, read);
  }
}

/** Whether a value is shown by its own text, and not by its members. */
const isOpaque = (value: object): boolean =>
  ArrayBuffer.isView(value) || ('toJSON' in value && typeof value.toJSON === 'function');

const tagOf = (value: object): string => Object.prototype.toString.call(value);
const isMap = (value: object): value is Map<unknown, unknown> => tagOf(value) === '[object Map]';
const isSet = (value: object): value is Set<unknown> => tagOf(value) === '[object Set]';
