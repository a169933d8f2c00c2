/** What an engine does when it is asked through its control socket. */
import { resolve } from 'node:path';
import type { ControlServer, Handlers } from '../control/server.ts';
import type { Engine } from './engine.ts';
import type { Overview } from './overview.ts';

/** The handlers of an engine's control socket. */
export function handlersOf(engine: Engine, overview: Overview, server: ControlServer, version: string): Handlers {
  const started = new Date().toISOString();
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
    stop({ graceMs }, { name }) {
      engine.record({ event: 'stop-asked', by: name });
      // Answered at once: the socket goes away with the engine.
      void engine.stop(graceMs);
      return {};
    },
  };
}
