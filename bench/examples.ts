/**
 * The clients and the server of the examples. They import the package by its name, which is the built one here:
 * `tsconfig.bench.json` has no paths to the sources.
 */

export { Nats } from '../examples/nats/client.ts';
export { Redis } from '../examples/redis/client.ts';
export { createRespServer } from '../examples/redis/server.ts';
