/** Where the programs that tests start find the sources: see `compile.ts`. */

import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    compiled: string;
  }
}

/** A folder that has `src/index.js` and so on, and in which they find their dependencies. */
export const COMPILED = inject('compiled');
