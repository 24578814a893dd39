/**
 * Sends three queries at once, of which one fails. The variables are those of libpq; PGSSLROOTCERT is the path
 * of a CA: `PGPASSWORD=… npx tsx examples/postgres/run.ts`
 */

import { readFileSync } from 'node:fs';
import { Postgres } from './client.ts';

const { PGHOST: host, PGPORT, PGUSER, PGPASSWORD, PGSSLROOTCERT: ca } = process.env;

class Database extends Postgres {
  override readonly user = PGUSER ?? 'postgres';
  override readonly password = PGPASSWORD ?? '';
  override readonly tls = ca === undefined ? {} : { ca: readFileSync(ca) };
}

await using database = new Database();
await database.connect({ host, port: Number(PGPORT ?? 5432) });
console.log('PostgreSQL', database.negotiated?.get('server_version'));
const queries = ['SELECT 6 * 7 AS answer', 'SELECT 1 / 0', "SELECT 'still here' AS state"];
const results = await Promise.allSettled(queries.map((text) => database.query(text)));
for (const result of results) {
  console.log(result.status === 'fulfilled' ? result.value : String(result.reason));
}
