/** Node's TLS, loaded when it is first used: to load it takes an eighth of the time to import the package. */

import type * as tls from 'node:tls';

/** The module `node:tls`. */
export const loadTls = (): typeof tls => process.getBuiltinModule('node:tls');
