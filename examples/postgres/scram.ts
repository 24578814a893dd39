/**
 * SCRAM-SHA-256 (RFC 5802 and 7677), the client's side: both sides prove that they know the password, and neither
 * sends it. Without channel binding. Of SASLprep (RFC 4013) only the mappings are done, which leave ASCII as it
 * is; characters that it forbids are not refused.
 */

import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { RefusedError } from 'wirechart';

const KEY_BYTES = 32;
/** PostgreSQL has 4096 by default. A server that asks for very many would keep this process busy. */
const MAX_ITERATIONS = 1_000_000;
/** No channel binding, and no name: PostgreSQL takes that of the first message of the session. */
const HEADER = 'n,,';

/** One exchange: call `first()`, `final()` and `verify()` in this order. */
export class Scram {
  readonly #password: string;
  readonly #first: string;
  readonly #nonce: string;
  #signature: Buffer | undefined;
  #isVerified = false;

  /** @param nonce - Never the same again. Default: 144 random bits. */
  constructor(password: string, user = '', nonce = randomBytes(18).toString('base64')) {
    this.#password = prepare(password);
    this.#nonce = nonce;
    this.#first = `n=${user},r=${nonce}`;
  }

  /** Whether the server has proven that it knows the password. */
  get isVerified(): boolean {
    return this.#isVerified;
  }

  /** What the client says first. */
  first(): string {
    return HEADER + this.#first;
  }

  /** Returns the client's proof, for the challenge of the server. */
  async final(challenge: string): Promise<string> {
    const { r: nonce = '', s: salt = '', i: iterations = '', m } = attributesOf(challenge);
    const count = Number(iterations);
    const isFresh = nonce.startsWith(this.#nonce) && nonce.length > this.#nonce.length;
    const isAffordable = Number.isInteger(count) && count > 0 && count <= MAX_ITERATIONS;
    if (m !== undefined || !isFresh || salt === '' || !isAffordable) {
      throw refused('The challenge of the server is not valid');
    }
    const salted = await promisify(pbkdf2)(
      ...([this.#password, Buffer.from(salt, 'base64'), count, KEY_BYTES, 'sha256'] as const),
    );
    const unproven = `c=${Buffer.from(HEADER).toString('base64')},r=${nonce}`;
    const exchange = `${this.#first},${challenge},${unproven}`;
    const clientKey = hmac(salted, 'Client Key');
    const storedKey = createHash('sha256').update(clientKey).digest();
    const mask = hmac(storedKey, exchange);
    const proof = clientKey.map((byte, index) => byte ^ (mask[index] ?? 0));
    this.#signature = hmac(hmac(salted, 'Server Key'), exchange);
    return `${unproven},p=${Buffer.from(proof).toString('base64')}`;
  }

  /** Checks the server's proof. */
  verify(answer: string): void {
    const signature = Buffer.from(attributesOf(answer)['v'] ?? '', 'base64');
    const expected = this.#signature;
    if (signature.length !== expected?.length || !timingSafeEqual(signature, expected)) {
      throw refused('The server does not know the password');
    }
    this.#isVerified = true;
  }
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** Of `a=1,b=2`, by the letters. */
const attributesOf = (text: string): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(text.split(',').map((part) => [part.slice(0, 1), part.slice(2)]));

/** The mappings of SASLprep: other spaces become spaces, invisible characters go, the rest is normalized. */
const prepare = (password: string): string =>
  password
    .replace(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu, ' ')
    .replace(/[\u00ad\u034f\u1806\u180b-\u180d\u200c\u200d\u2060\ufe00-\ufe0f\ufeff]/gu, '')
    .normalize('NFKC');

const refused = (text: string): RefusedError => new RefusedError(text, { retryable: false });
