/** The example of a PostgreSQL client, with a real server. */

import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Postgres } from '../../examples/postgres/client.ts';
import { PostgresError, type ServerEvent } from '../../examples/postgres/codec.ts';
import { ClosedError, CodecError, RefusedError, supervise } from '../../src/index.ts';
import { Received } from '../examples/nats.ts';
import { cleanUp, expectIdleAfterEach, track } from '../support/cleanup.ts';
import { Cluster, OWNER } from '../support/postgres.ts';
import { describePeer } from '../support/real-peers.ts';
import { runExample } from '../support/run-example.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

describePeer('postgres', (path) => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await Cluster.start(path);
  }, 60_000);
  afterAll(() => cluster.remove());

  class Client extends Postgres {
    override readonly user: string = OWNER.user;
    override readonly password: string | undefined = OWNER.password;
    override readonly tls: Postgres['tls'] = { ca: cluster.certificates.ca };
    readonly events = new Received<ServerEvent>();
    override onEvent = this.events.push;
  }

  async function connected(): Promise<Client> {
    const client = track(new Client());
    await client.connect({ port: cluster.port });
    return client;
  }

  /** Connects, and resolves with why the server refused that. */
  async function refusal(client: Postgres): Promise<unknown> {
    const error = await rejection(track(client).connect({ port: cluster.port }));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', phase: 'session' });
    return error instanceof Error ? error.cause : undefined;
  }

  test('a client logs in with TLS and SCRAM, and knows the parameters of the server', async () => {
    const client = await connected();
    expect(client.remote).toMatchObject({ authorized: true, port: cluster.port });
    expect(client.negotiated?.get('client_encoding')).toBe('UTF8');
    const [row] = await client.query(
      'SELECT version, bits FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
    );
    expect(row).toEqual({ version: 'TLSv1.3', bits: '256' });
    await client.disconnect();
  });

  test('over the UNIX socket it needs neither', async () => {
    const client = track(
      new (class extends Client {
        override readonly password = undefined;
        override readonly tls = undefined;
      })(),
    );
    await client.connect(cluster.socket);
    expect(await client.query('SELECT session_user')).toEqual([{ session_user: 'ada' }]);
    await client.disconnect();
  });

  test('a password that is written in other characters of the same meaning is the same', async () => {
    const client = track(
      new (class extends Client {
        override readonly password = OWNER.password.normalize('NFD').replace(' ', '\u00ad\u3000');
      })(),
    );
    expect(client.password).not.toBe(OWNER.password);
    await client.connect({ port: cluster.port });
    await client.disconnect();
  });

  test('a query resolves with its rows, by the names of the columns', async () => {
    const client = await connected();
    expect(await client.query("SELECT 1 AS a, NULL AS b, '' AS c, 'x' AS __proto__")).toEqual([
      Object.fromEntries([
        ['a', '1'],
        ['b', null],
        ['c', ''],
        ['__proto__', 'x'],
      ]),
    ]);
    const numbers = await client.query('SELECT n FROM generate_series(1, 10000) AS n');
    expect(numbers.map(({ n }) => Number(n))).toEqual(Array.from(numbers, (_, n) => n + 1));
    expect(numbers).toHaveLength(10_000);
    expect(await client.query('CREATE TEMP TABLE t (n int); INSERT INTO t VALUES (1)')).toEqual([]);
    expect(await client.query('SELECT 1 AS n; SELECT 2 AS n')).toEqual([{ n: '1' }, { n: '2' }]);
    expect(await client.query('SELECT')).toEqual([{}]);
    expect(await client.query('')).toEqual([]);
    await client.disconnect();
  });

  test('1000 queries in one go are answered in order', async () => {
    const client = await connected();
    const numbers = Array.from({ length: 1_000 }, (_, n) => String(n));
    const rows = await Promise.all(numbers.map((n) => client.query(`SELECT ${n} AS n`)));
    expect(rows).toEqual(numbers.map((n) => [{ n }]));
    await client.disconnect();
  });

  test('an error in the middle of a pipeline rejects its query alone', async () => {
    const client = await connected();
    const [before, failed, after] = await Promise.allSettled([
      client.query('SELECT 1 AS n'),
      client.query('SELECT 2 AS n; SELECT 1 / (n - 2) FROM generate_series(1, 3) AS n; SELECT 3'),
      client.query('SELECT 4 AS n'),
    ]);
    expect([before, after]).toMatchObject([{ value: [{ n: '1' }] }, { value: [{ n: '4' }] }]);
    expect(failed).toMatchObject({ reason: { code: '22012', message: 'division by zero' } });
    const error = await rejection(client.query('SELECT unknown FROM pg_class'));
    expect(error).toBeInstanceOf(PostgresError);
    expect(error).toHaveProperty('code', '42703');
    expect(error).toHaveProperty('stack', expect.stringContaining('postgres.test.ts'));
    expect(error instanceof PostgresError && error.fields.get('P')).toBe('8');
    await client.disconnect();
  });

  test('text goes through unchanged, in both directions', async () => {
    const client = await connected();
    const characters = Array.from({ length: 0xd7ff }, (_, n) => String.fromCharCode(n + 1));
    const texts = [characters.join(''), '€𐍈🙂'.repeat(100_000), 'a\r\nb\n\\n\'"', '\ufeffBOM'];
    for (const text of texts) {
      const [row] = await client.query(`SELECT $tag$${text}$tag$ AS text`);
      expect(row?.['text'] === text).toBe(true);
    }
    await client.disconnect();
  });

  test('a query with U+0000, which would end it early, is not sent', async () => {
    const client = await connected();
    expect(await rejection(client.query('SELECT 1\0; DROP TABLE t'))).toBeInstanceOf(CodecError);
    expect(await client.query('SELECT 1 AS n')).toEqual([{ n: '1' }]);
    await client.disconnect();
  });

  test('a query that is given up leaves the answers of the others in order', async () => {
    const client = await connected();
    const controller = new AbortController();
    const slow = client.query('SELECT pg_sleep(0.1)', { signal: controller.signal });
    const next = client.query('SELECT 2 AS n');
    controller.abort(new Error('I do not want it any more'));
    expect(await rejection(slow)).toHaveProperty('message', 'I do not want it any more');
    expect(await next).toEqual([{ n: '2' }]);
    await client.disconnect();
  });

  test('COPY is refused or ignored, and the session goes on', async () => {
    const client = await connected();
    await client.query('CREATE TEMP TABLE t (n int)');
    expect(await rejection(client.query('COPY t FROM STDIN'))).toHaveProperty('code', '57014');
    expect(await client.query('COPY (SELECT 1) TO STDOUT')).toEqual([]);
    expect(await client.query('SELECT 3 AS n')).toEqual([{ n: '3' }]);
    await client.disconnect();
  });

  test('notices and notifications are events', async () => {
    const [client, other] = [await connected(), await connected()];
    await client.query("LISTEN news; DO $$ BEGIN RAISE NOTICE 'mind the gap'; END $$");
    const { events } = client;
    expect(await events.next(({ type }) => type === 'notice')).toMatchObject({
      notice: { code: '00000', message: 'mind the gap' },
    });
    await other.query("NOTIFY news, 'hello'");
    expect(await events.next(({ type }) => type === 'notification')).toEqual({
      ...{ type: 'notification', channel: 'news', payload: 'hello' },
    });
    await Promise.all([client.disconnect(), other.disconnect()]);
  });

  test('the farewell tells the server that the client leaves on purpose', async () => {
    const lost = 'unexpected EOF on client connection with an open transaction';
    const client = await connected();
    await client.query('BEGIN');
    await client.disconnect();
    expect(await cluster.log()).not.toContain(lost);
    await client.connect({ port: cluster.port });
    await client.query('BEGIN');
    await client.disconnect({ force: true });
    while (!(await cluster.log()).includes(lost));
  });

  test('a server whose certificate is of another authority is refused', async () => {
    const cause = await refusal(
      new (class extends Client {
        override readonly tls = { ca: cluster.certificates.other.ca };
      })(),
    );
    expect(cause).toMatchObject({ code: 'ERR_CLOSED', retryable: false });
  });

  test('a server is refused whose certificate has another name', async () => {
    const cause = await refusal(
      new (class extends Client {
        override readonly tls = { ca: cluster.certificates.ca, servername: 'elsewhere.example' };
      })(),
    );
    expect(cause).toMatchObject({ code: 'ERR_CLOSED', retryable: false });
  });

  test.each([
    ['a wrong password', { password: 'sesame' }, '28P01'],
    ['an unknown user', { user: 'eve' }, '28P01'],
    ['an unknown database', { database: 'atlantis' }, '3D000'],
    ['a login without TLS', { tls: undefined }, '28000'],
  ])('%s is refused for good: a supervisor does not try again', async (_, settings, code) => {
    class Refused extends Client {
      constructor(...args: ConstructorParameters<typeof Client>) {
        super(...args);
        Object.assign(this, settings);
      }
    }
    const cause = await refusal(new Refused());
    expect(cause).toBeInstanceOf(RefusedError);
    expect(cause).toMatchObject({ retryable: false, cause: { code } });
    const supervisor = supervise(Refused, { port: cluster.port });
    await rejection(supervisor.up());
    expect([supervisor.state, supervisor.stats.attempts]).toEqual(['GIVEN_UP', 1]);
    await supervisor.stop();
  });

  test('too many clients are refused, and may try again', async () => {
    const clients: Client[] = [];
    let cause: unknown;
    while (cause === undefined) {
      const client = track(new Client());
      clients.push(client);
      await client.connect({ port: cluster.port }).catch((error: unknown) => {
        cause = error instanceof Error ? error.cause : error;
      });
    }
    expect(cause).toBeInstanceOf(RefusedError);
    expect(cause).toMatchObject({ retryable: true, cause: { code: '53300' } });
    await Promise.all(clients.map((client) => client.disconnect()));
  });

  function supervised() {
    const supervisor = supervise(
      Client,
      { port: cluster.port },
      { backoff: { initial: 20, max: 100 }, onUp: (client) => client.query('LISTEN news') },
    );
    cleanUp(() => supervisor.stop());
    return supervisor;
  }

  test('a supervised client returns when the server has ended its session', async () => {
    const supervisor = supervised();
    const first = await supervisor.up();
    const [row] = await first.query('SELECT pg_backend_pid() AS pid');
    const pending = first.query('SELECT pg_sleep(60)');
    const admin = await connected();
    await admin.query(`SELECT pg_terminate_backend(${String(row?.['pid'])})`);
    const error = await rejection(pending);
    expect(error).toBeInstanceOf(ClosedError);
    expect(error).toMatchObject({ cause: { code: 'ERR_REFUSED', cause: { code: '57P01' } } });
    expect((await first.closed).cause).toBe(error instanceof Error && error.cause);
    const second = await supervisor.up();
    await admin.query("NOTIFY news, 'again'");
    await second.events.next((event) => event.type === 'notification');
    await Promise.all([supervisor.stop(), admin.disconnect()]);
  });

  test.each(['fast', 'immediate'] as const)(
    'a supervised client returns after a restart of the server: %s',
    async (mode) => {
      const supervisor = supervised();
      const first = await supervisor.up();
      const ended = first.closed;
      await cluster.stop(mode);
      await ended;
      await cluster.start();
      const second = await supervisor.up();
      expect(await second.query('SELECT 1 AS n')).toEqual([{ n: '1' }]);
      await supervisor.stop();
    },
  );

  test('a client that comes while the server stops is refused, and may try again', async () => {
    const last = await connected();
    await cluster.stop('smart');
    const cause = await refusal(new Client());
    await last.disconnect();
    expect(cause).toMatchObject({ retryable: true, cause: { code: '57P03' } });
    await cluster.stop('fast').catch(() => undefined); // It may have stopped already.
    await cluster.start();
  });

  test('its program prints the results of its queries', async () => {
    const environment = {
      ...{ PGHOST: '127.0.0.1', PGPORT: String(cluster.port), PGUSER: OWNER.user },
      ...{ PGPASSWORD: OWNER.password, PGSSLROOTCERT: cluster.caFile },
    };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    cleanUp(() => vi.unstubAllEnvs());
    expect(await runExample('postgres/run.ts')).toMatch(
      /^PostgreSQL \d.*\n.*answer: '42'.*\nPostgresError: division by zero\n.*still here/,
    );
  });
});
