/** A client that executes and gives up commands in any order, and checks what each of them comes to. */

import type { SimulatedClock } from 'xstate';
import type { TimeoutError } from '../../src/index.ts';
import {
  ExecuteError,
  type OpenQapi,
  type QmpClient,
  ServerParseError,
} from '../../src/qmp/index.ts';
import type { ModelMonitor } from './model-monitor.ts';

/** What a walk does next. */
export const STEPS = [
  ...['execute', 'execute', 'fail', 'garble', 'garbleOob', 'oob', 'message'],
  ...['abort', 'expire', 'answer', 'answer', 'answerOob', 'answerLast'],
] as const;
export type Step = (typeof STEPS)[number];

/** What a command must come to, if it is not given up. */
type Outcome = 'value' | 'failure' | 'unparsed';

/** A client with commands that it has executed. */
export class Walk {
  readonly wrong: string[] = [];
  readonly #client: QmpClient<OpenQapi>;
  readonly #model: ModelMonitor;
  readonly #clock: SimulatedClock;
  readonly #controllers: AbortController[] = [];
  readonly #all: Promise<void>[] = [];
  #n = 0;

  constructor(client: QmpClient<OpenQapi>, model: ModelMonitor, clock: SimulatedClock) {
    this.#client = client;
    this.#model = model;
    this.#clock = clock;
  }

  take(step: Step): void {
    const model = this.#model;
    const takes: Record<Step, () => unknown> = {
      execute: () => {
        this.#execute({ outcome: 'value' });
      },
      fail: () => {
        this.#execute({ outcome: 'failure' });
      },
      garble: () => {
        this.#execute({ outcome: 'unparsed' });
      },
      garbleOob: () => {
        this.#execute({ outcome: 'unparsed', oob: true });
      },
      oob: () => {
        this.#execute({ outcome: 'value', oob: true });
      },
      message: () => {
        this.#executeMessage();
      },
      abort: () => this.#controllers.shift()?.abort(new Error('enough')),
      expire: () => {
        this.#clock.increment(10);
      },
      answer: () => model.answer(),
      answerOob: () => model.answerOutOfBand(),
      answerLast: () => model.answerLast(),
    };
    takes[step]();
  }

  settled(): Promise<unknown> {
    return Promise.all(this.#all);
  }

  #execute({ outcome, oob = false }: { outcome: Outcome; oob?: boolean }): undefined {
    const { n, controller } = this.#next();
    const args = { n, fails: outcome === 'failure', isGarbled: outcome === 'unparsed' };
    // Each second one has a deadline.
    const options = { oob, signal: controller.signal, ...(n % 2 === 0 && { timeout: 10 + n }) };
    this.#expect(this.#client.execute('echo', args, options), n, outcome);
  }

  #executeMessage(): undefined {
    const { n, controller } = this.#next();
    const message = { execute: 'echo', arguments: { n } };
    const { signal } = controller;
    const reply = this.#client.executeMessage(message, { signal });
    this.#expect(
      reply.then((whole) => ('return' in whole ? whole.return : whole)),
      n,
      'value',
    );
  }

  #next(): { readonly n: number; readonly controller: AbortController } {
    this.#n += 1;
    const controller = new AbortController();
    this.#controllers.push(controller);
    return { n: this.#n, controller };
  }

  #expect(promise: Promise<unknown>, n: number, outcome: Outcome): void {
    const check = async (): Promise<void> => {
      try {
        const value = await promise;
        if (outcome !== 'value' || value !== n) this.#note(n, outcome, value);
      } catch (error) {
        if (!isGivenUp(error) && !isOwn(error, n, outcome)) this.#note(n, outcome, error);
      }
    };
    this.#all.push(check());
  }

  #note(n: number, outcome: Outcome, got: unknown): void {
    this.wrong.push(`${String(n)} (${outcome}) got ${String(got)}`);
  }
}

const isGivenUp = (error: unknown): boolean =>
  (error as Error).message === 'enough' || (error as TimeoutError).code === 'ERR_TIMEOUT';

const isOwn = (error: unknown, n: number, outcome: Outcome): boolean =>
  outcome === 'failure'
    ? error instanceof ExecuteError && error.description === String(n)
    : outcome === 'unparsed' && error instanceof ServerParseError;
