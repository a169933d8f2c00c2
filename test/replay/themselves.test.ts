import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { readCapture } from '../../src/capture/reader.ts';
import { countsOf, deviationsOf } from '../../src/replay/outcome.ts';
import { play } from '../../src/replay/player.ts';
import { type Choice, recordingOf } from '../../src/replay/recording.ts';
import { socketPair } from '../../src/sys/socket.ts';

const captures = resolve(import.meta.dirname, '../../captures');

/** Every connection of every capture. */
const connections: [string, Choice][] = readdirSync(captures)
  .filter(name => name.endsWith('.pcapng'))
  .flatMap(name => {
    const places = new Map<string, Choice>();
    for (const { kind, pair, session, epoch } of readCapture(join(captures, name)))
      if (kind === 'message') places.set(`${pair}/${session}.${epoch}`, { pair, session, epoch });
    return [...places].map(([place, choice]): [string, Choice] => [`${name} ${place}`, choice]);
  });

it.each(connections)('%s: front-end and back-end, both replayed, agree with the recording', async (name, choice) => {
  const frames = [...readCapture(join(captures, name.split(' ')[0] as string))];
  const [front, back] = socketPair();
  const options = { patience: 2000, idleMs: 0 };
  const sides = [
    { fd: front, recording: recordingOf(frames, 'front-end', choice) },
    { fd: back, recording: recordingOf(frames, 'back-end', choice) },
  ];
  const played = await Promise.all(
    sides.map(async ({ fd, recording }) => {
      if (!recording) throw new Error('no such connection');
      return play(fd, recording, options);
    }),
  );
  for (const performance of played) {
    expect(deviationsOf(performance), performance.side).toEqual([]);
    expect(countsOf(performance)).toMatchObject({ missing: 0, extra: 0, late: 0, 'left-out': 0 });
    expect(performance.unreached).toBe(0);
  }
});
