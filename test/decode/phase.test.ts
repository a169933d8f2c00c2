import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/reader.ts';
import { callPath } from '../../src/decode/call-paths.ts';
import { messagesOf } from '../../src/decode/catalog.ts';
import { Labels } from '../../src/decode/labels.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import { Course, type Phase, phaseOf, situationOf } from '../../src/decode/phase.ts';
import { Connections } from '../../src/decode/session/connections.ts';
import { qemuAndVirtiofsd, stepsOf, virtiofsdStops } from './recording.ts';

/** Messages with their phase, one after the other. */
function phasesIn(text: string): [name: string, phase: Phase][] {
  let last: Phase | undefined;
  return stepsOf(text).map(({ before, message }) => {
    last = phaseOf(situationOf(before), message, last);
    return [message.name, last];
  });
}

describe('phases', () => {
  const all = phasesIn(`${qemuAndVirtiofsd.trim()}\n${virtiofsdStops.trim()}`);

  it('follow each other', () => {
    const inTurn = all.map(([, phase]) => phase).filter((phase, i, list) => phase !== list[i - 1]);
    expect(inTurn).toEqual(['negotiation', 'start', 'stop']);
  });

  it.each([
    ['SET_VRING_CALL', 'negotiation'],
    ['SET_FEATURES', 'start'],
    ['ADD_MEM_REG', 'start'],
    ['SET_VRING_KICK', 'start'],
    ['GET_VRING_BASE', 'stop'],
  ] as const)('the first %s is part of %s', (name, phase) => {
    expect(all.find(([one]) => one === name)?.[1]).toBe(phase);
  });

  it('know a change of memory and the log of a migration while rings run', () => {
    const later = phasesIn(`${qemuAndVirtiofsd.trim()}
> 25000000 09000000 28000000 00000000000000000000001000000000000000100000000000f0ff33cf7f00000000000000000000 memfd
> 02000000 09000000 08000000 0000007401000000`);
    expect(later.slice(-2)).toEqual([
      ['ADD_MEM_REG', 'memory'],
      ['SET_FEATURES', 'migration'],
    ]);
  });
});

describe('a course', () => {
  const folder = resolve(import.meta.dirname, '../../captures');
  const captures = readdirSync(folder).filter(name => name.endsWith('.pcapng'));

  it.each(captures)('tells the same phases as the whole session in %s', name => {
    const courses = new Map<string, Course>();
    const connections = new Connections();
    let messages = 0;
    for (const frame of readCapture(join(folder, name))) {
      if (frame.kind !== 'message') continue;
      const message = decodeFrame(frame);
      const key = `${frame.session}.${frame.epoch}`;
      const course = courses.get(key) ?? new Course();
      courses.set(key, course);
      const { phase } = connections.message(frame, message).after;
      expect(course.next(message), `record ${frame.n}`).toBe(phase);
      messages += 1;
    }
    expect(messages).toBeGreaterThan(20);
  });
});

describe('labels', () => {
  const labelsOf = (name: string) => {
    const labels = new Labels();
    return [...readCapture(resolve(import.meta.dirname, `../../captures/${name}.pcapng`))].map(frame => ({
      frame,
      label: labels.next(frame, frame.kind === 'message' ? decodeFrame(frame) : undefined),
    }));
  };

  it('tell the functions of QEMU on its requests only', () => {
    const all = labelsOf('migration-fs-source');
    const of = (n: number) => all.find(({ frame }) => frame.n === n)?.label;
    expect(of(64)).toEqual({
      phase: 'migration',
      path: ['vuf_save_state', 'vhost_save_backend_state', 'vhost_user_set_device_state_fd'],
    });
    expect(of(65)).toEqual({ phase: 'migration' });
    expect(of(1)).toEqual({});
    expect(of(28)).toMatchObject({ phase: 'start' });
  });

  it('say nothing of QEMU where another front-end speaks', () => {
    const paths = labelsOf('virtio-user').flatMap(({ label }) => label.path ?? []);
    expect(paths).toEqual([]);
  });
});

describe('call paths of QEMU', () => {
  it('lead from the device model to the wire', () => {
    expect(callPath('SET_OWNER', 'negotiation', 'fs')).toEqual([
      'vuf_device_realize',
      'vhost_dev_init',
      'vhost_user_set_owner',
    ]);
    expect(callPath('GET_VRING_BASE', 'stop', 'blk')?.[0]).toBe('vhost_user_blk_set_status');
    expect(callPath('SET_OWNER', 'negotiation', undefined)?.[0]).toBe('vhost_dev_init');
  });

  it('are silent where QEMU sends nothing', () => {
    expect(callPath('SET_LOG_FD', 'migration', 'fs')).toBeUndefined();
  });

  it('exist for what QEMU sends on the main connection', () => {
    const notSent = ['RESET_OWNER', 'SET_LOG_FD', 'VRING_KICK', 'SET_VRING_ENDIAN', 'CLOSE_CRYPTO_SESSION'];
    const newer = ['GET_SHARED_OBJECT', 'GET_SHMEM_CONFIG'];
    const missing = messagesOf.main
      .filter(spec => !spec.private && ![...notSent, ...newer].includes(spec.name))
      .filter(
        spec =>
          !(['negotiation', 'start', 'stop', 'migration'] as const).some(
            phase => callPath(spec.name, phase, 'fs') ?? callPath(spec.name, phase, 'blk'),
          ),
      )
      .map(spec => spec.name);
    expect(missing).toEqual([]);
  });
});
