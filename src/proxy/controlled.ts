/** What an engine does when it is asked through its control socket. */
import { resolve } from 'node:path';
import type { ControlServer, Handlers } from '../control/server.ts';
import type { Context } from '../decode/frame.ts';
import { pointAt, SyntaxProblem } from '../decode/syntax-problem.ts';
import { breakpoint } from './breakpoint.ts';
import type { Engine } from './engine.ts';
import { parseFdChoices } from './hold/fd-choice.ts';
import { armedRule } from './hold/rule.ts';
import type { Overview } from './overview.ts';

/** The files that an engine's rules come from. */
export interface RuleFiles {
  /** Those in force, absolute. */
  readonly files: readonly string[];
  /** Names of those that come with the program. */
  readonly ready: readonly string[];
  /**
   * Reads other files, or the same ones anew, and puts their rules in force; rejects with an error for people where they
   * cannot be used, and what was in force stays so.
   */
  load(files: readonly string[] | undefined, by: string): Promise<{ rules: number; files: string[] }>;
}

/** The handlers of an engine's control socket. */
export function handlersOf(
  engine: Engine,
  overview: Overview,
  server: ControlServer,
  version: string,
  ruleFiles: RuleFiles,
): Handlers {
  const started = new Date().toISOString();
  let breakpoints = 0;
  /** Whoever watches asks for the rules anew. */
  const armed = (event: { event: string } & Record<string, unknown>): void => {
    engine.record(event);
    server.tell({ type: 'rules-changed' });
  };
  return {
    async status() {
      const { pairs, connections, connected, path, failing } = overview.status;
      const { records } = await engine.ask('counts', {});
      return {
        ...{ name: server.name, version, pid: process.pid, started },
        capture: {
          ...(path !== undefined && { path: resolve(path) }),
          id: `0x${engine.captureId.toString(16)}`,
          ...(failing !== undefined && { failing }),
        },
        pairs,
        connections,
        counts: { records, connections: connected, viewers: server.viewers },
      };
    },
    note({ text, of }, { name }) {
      engine.note(text, of, name);
      return {};
    },
    async hold(options, { name: by }) {
      const name = options.name ?? `b${++breakpoints}`;
      const rule = readable(options.filter, () => armedRule(breakpoint(options, name)));
      await engine.ask('add-rule', { rule, by });
      armed({ event: 'breakpoint', name, filter: options.filter, by });
      return { name };
    },
    async unhold({ name }, { name: by }) {
      const gone = await engine.ask('remove-rule', name === undefined ? {} : { name });
      for (const each of gone.removed) armed({ event: 'unhold', name: each, by });
      return gone;
    },
    async holds() {
      const held = await engine.ask('holds', {});
      return { held: held.map(({ context, ...each }) => ({ ...each, context: shownContext(context) })) };
    },
    release: async ({ n }, { name: by }) => ({
      released: await engine.ask('release', { by, ...(n !== undefined && { n }) }),
    }),
    step: ({ n }, { name: by }) => engine.ask('step', { n, by }),
    edit: ({ n, change, fds }, { name: by }) =>
      engine.ask('edit', {
        ...{ n, by },
        ...(change !== undefined && { change }),
        ...(fds !== undefined && { fds: parseFdChoices(fds) }),
      }),
    prolong: ({ n }, { name: by }) => engine.ask('prolong', { n, by }),
    drop: ({ n }, { name: by }) => engine.ask('drop', { n, by }),
    answer: ({ n, with: written }, { name: by }) => engine.ask('answer', { n, by, with: written }),
    close: ({ n }, { name: by }) => engine.ask('close', { n, by }),
    inject: ({ message, pair, connection, channel, direction, fds, keepReply = false }, { name: by }) =>
      engine.ask('inject', {
        ...{ change: message, keepReply, by },
        ...(pair !== undefined && { pair }),
        ...(connection !== undefined && { connection }),
        ...(channel !== undefined && { channel }),
        ...(direction !== undefined && { direction }),
        ...(fds !== undefined && { fds: parseFdChoices(fds) }),
      }),
    async rules() {
      const { files, ready } = ruleFiles;
      return { rules: await engine.ask('rules', {}), files: [...files], ready: [...ready] };
    },
    async switch({ name, on }, { name: by }) {
      await engine.ask('switch-rule', { name, on });
      armed({ event: 'switched', name, on, by });
      return {};
    },
    load: ({ files }, { name: by }) => ruleFiles.load(files, by),
    async rotate(_, { name: by }) {
      if (overview.status.path === undefined) throw new Error('nothing is kept: start it with -w and --rotate');
      const from = await engine.rotate(by);
      return { from: resolve(from), to: resolve(overview.status.path) };
    },
    stop({ graceMs }, { name }) {
      engine.record({ event: 'stop-asked', by: name });
      // Answered at once: the socket goes away with the engine.
      void engine.stop(graceMs);
      return {};
    },
  };
}

/** What was agreed on, as the control socket says it: masks of 64 bits as text. */
function shownContext({ features, protocolFeatures, device, frontEnd, backEnd, bigEndian }: Context) {
  return {
    ...(features !== undefined && { features: `0x${features.toString(16)}` }),
    ...(protocolFeatures !== undefined && { protocol_features: `0x${protocolFeatures.toString(16)}` }),
    ...(device !== undefined && { device }),
    ...(frontEnd !== undefined && { front_end: frontEnd }),
    ...(backEnd !== undefined && { back_end: backEnd }),
    ...(bigEndian !== undefined && { big_endian: bigEndian }),
  };
}

/** Reads a filter; what is wrong with it is shown in it. */
function readable<Result>(text: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    throw new Error(`in the filter: ${pointAt(text, error)}`);
  }
}
