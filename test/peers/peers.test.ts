import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/decode/frame.ts';
import * as conversations from '../../src/peers/conversations.ts';
import { expect as awaits, drain, peek, raw, type Script, script, send, untilClosed } from '../../src/peers/script.ts';
import { blockBackEnd, qemuLike, recentQemuNeedReply, replyHabits } from '../../src/peers/traits.ts';
import { messages, names, seen, talk, talkWell } from './talk.ts';

const serves: Script = [untilClosed()];
const block = { front: qemuLike(), back: blockBackEnd() };
const data = Uint8Array.from({ length: 1024 }, (_, i) => i % 251);

describe('a simulated pair', () => {
  it('negotiates, starts, does block I/O and stops in the order of QEMU', async () => {
    const { front, back } = await talkWell(
      {
        traits: block.front,
        scripts: [
          script(
            conversations.qemuConnects(1),
            conversations.readsConfig,
            conversations.qemuStartsBlk(),
            conversations.writesBlocks(7, data),
            conversations.readsBlocks(7, data.length),
            conversations.readsBlocks(2048, 512),
            conversations.qemuStops(),
          ),
        ],
      },
      { traits: block.back, scripts: [serves] },
    );
    const [account] = front.connections;
    expect(names(account)).toEqual([
      ...['GET_FEATURES', 'GET_FEATURES=', 'GET_PROTOCOL_FEATURES', 'GET_PROTOCOL_FEATURES=', 'SET_PROTOCOL_FEATURES'],
      ...['GET_QUEUE_NUM', 'GET_QUEUE_NUM=', 'GET_MAX_MEM_SLOTS', 'GET_MAX_MEM_SLOTS='],
      ...['SET_BACKEND_REQ_FD!', 'SET_BACKEND_REQ_FD=', 'SET_OWNER', 'GET_FEATURES', 'GET_FEATURES='],
      ...['SET_VRING_CALL', 'SET_VRING_ERR', 'GET_CONFIG', 'GET_CONFIG='],
      ...['SET_FEATURES', 'SET_VRING_CALL', 'SET_FEATURES', 'ADD_MEM_REG!', 'ADD_MEM_REG='],
      ...['SET_VRING_NUM', 'SET_VRING_BASE', 'SET_VRING_ADDR', 'SET_VRING_KICK', 'SET_VRING_ENABLE'],
      ...['SET_VRING_ENABLE', 'GET_VRING_BASE', 'GET_VRING_BASE='],
    ]);
    expect(messages(account).flatMap(({ problems }) => problems)).toEqual([]);
    expect(account?.answers.map(answer => [...answer])).toEqual([
      [0],
      [...data, 0],
      // Beyond the end of 1 MiB: the data stays as it was, the status is an error.
      [...new Array(512).fill(0), 1],
    ]);
    expect(messages(account).at(-1)?.payload.num).toBe(3);
    expect(seen(back.connections[0]?.frames)).toEqual(seen(account?.frames));
  });

  it('goes on after a reconnect where the ring had stopped', async () => {
    const epoch = (sector: number) =>
      script(
        conversations.qemuConnects(1),
        conversations.qemuStartsBlk(),
        conversations.writesBlocks(sector, data.subarray(0, 512)),
        conversations.qemuStops(),
      );
    const { front } = await talkWell(
      { traits: block.front, scripts: [epoch(0), epoch(1)] },
      { traits: block.back, scripts: [serves, serves] },
    );
    const bases = messages(front.connections[1]).filter(({ name }) => name.endsWith('VRING_BASE'));
    expect(bases.map(({ name, reply, payload }) => [name, reply, payload.num])).toEqual([
      ['SET_VRING_BASE', false, 1],
      ['GET_VRING_BASE', false, 0],
      ['GET_VRING_BASE', true, 2],
    ]);
  });

  it.each([
    ['libvhost-user', replyHabits['libvhost-user'], 0xd, 8],
    ['DPDK', replyHabits.dpdk, 0x5, 0],
    ['rust-vmm', replyHabits['rust-vmm'], 0x5, 16],
  ])('answers as %s does', async (_, habits, flags, logReply) => {
    const { front } = await talkWell(
      {
        traits: qemuLike({ needReply: 'all' }),
        scripts: [script(conversations.qemuConnects(1), conversations.qemuStartsBlk(), send('SET_LOG_BASE'))],
      },
      { traits: blockBackEnd({ habits }), scripts: [serves] },
    );
    const replies = front.connections[0]?.frames.filter(({ reply }) => reply) ?? [];
    const flagsOf = (id: number) => replies.filter(({ bytes }) => bytes[0] === id).map(({ bytes }) => bytes[4]);
    // The first GET_FEATURES asks before REPLY_ACK is negotiated, the second one after; 3 is a plain acknowledgement.
    expect(flagsOf(1)).toEqual([0x5, flags]);
    expect(flagsOf(3)).toEqual([0x5]);
    expect(replies.at(-1)?.wireLength).toBe(12 + logReply);
  });

  it('sets need_reply as QEMU does since 10.2', async () => {
    const { front } = await talk(
      {
        traits: qemuLike({ needReply: recentQemuNeedReply }),
        scripts: [script(conversations.qemuConnects(1), conversations.qemuStartsBlk())],
      },
      { traits: block.back, scripts: [serves] },
    );
    const asking = names(front.connections[0]).filter(name => name.endsWith('!'));
    expect([...new Set(asking)]).toEqual([
      'SET_BACKEND_REQ_FD!',
      'SET_VRING_CALL!',
      'SET_VRING_ERR!',
      'ADD_MEM_REG!',
      'SET_VRING_KICK!',
      'SET_VRING_ENABLE!',
    ]);
  });

  it('speaks for two queue pairs of a net device on one socket', async () => {
    const { front } = await talkWell(
      { traits: qemuLike({ device: 1 }), scripts: [conversations.qemuNet(2)] },
      {
        traits: blockBackEnd({
          device: 1,
          offers: {
            virtio: ['PROTOCOL_FEATURES', 'VERSION_1'],
            protocol: ['MQ', 'REPLY_ACK', 'BACKEND_REQ', 'STATUS'],
          },
          personality: { kind: 'sink' },
          habits: replyHabits.dpdk,
        }),
        scripts: [serves],
      },
    );
    const all = names(front.connections[0]);
    const count = (name: string) => all.filter(one => one === name).length;
    expect([count('GET_FEATURES'), count('SET_OWNER'), count('SET_MEM_TABLE!'), count('SET_VRING_KICK')]).toEqual([
      4, 1, 1, 4,
    ]);
    expect(messages(front.connections[0]).at(-1)?.payload.status).toBe(0xf);
  });

  it('asks on the back-end channel and translates what the answer maps', async () => {
    const offers = {
      virtio: ['PROTOCOL_FEATURES', 'VERSION_1', 'ACCESS_PLATFORM'],
      protocol: ['REPLY_ACK', 'BACKEND_REQ'],
    };
    const { front, back } = await talkWell(
      {
        traits: block.front,
        scripts: [
          script(
            conversations.qemuConnects(1),
            conversations.qemuStartsBlk(),
            conversations.writesBlocks(0, data.subarray(0, 512)),
            conversations.readsBlocks(0, 512),
          ),
        ],
      },
      { traits: blockBackEnd({ offers }), scripts: [serves] },
    );
    expect([...(front.connections[0]?.answers[1] ?? [])]).toEqual([...data.subarray(0, 512), 0]);
    const misses = front.connections[0]?.frames.filter(({ channel }) => channel === 'backend-req') ?? [];
    expect(misses.length).toBeGreaterThan(0);
    expect(seen(back.connections[0]?.frames, 'backend-req')).toEqual(seen(misses, 'backend-req'));
  });

  it('marks what it writes in the dirty log', async () => {
    const { front } = await talkWell(
      {
        traits: block.front,
        scripts: [
          script(
            conversations.qemuConnects(1),
            conversations.qemuStartsBlk(),
            conversations.qemuLogs(),
            conversations.readsBlocks(0, 512),
            peek('log', 0x1000),
          ),
        ],
      },
      {
        traits: blockBackEnd({
          offers: {
            virtio: ['PROTOCOL_FEATURES', 'VERSION_1', 'LOG_ALL'],
            protocol: ['REPLY_ACK', 'LOG_SHMFD', 'CONFIGURE_MEM_SLOTS'],
          },
        }),
        scripts: [serves],
      },
    );
    const log = front.connections[0]?.answers.at(-1) ?? new Uint8Array(0);
    const pages = [...log].flatMap((byte, at) =>
      [0, 1, 2, 3, 4, 5, 6, 7].flatMap(bit => ((byte >> bit) & 1 ? [at * 8 + bit] : [])),
    );
    // The used ring lies at guest address 0x2000, the buffers at 1 MiB.
    expect(pages).toEqual([2, 256]);
  });

  it('hands device state through a pipe', async () => {
    const { front } = await talkWell(
      {
        traits: block.front,
        scripts: [
          script(
            conversations.qemuConnects(1),
            send('SET_DEVICE_STATE_FD', { direction: 'SAVE' }),
            drain('state'),
            send('CHECK_DEVICE_STATE'),
          ),
        ],
      },
      {
        traits: blockBackEnd({ offers: { virtio: ['PROTOCOL_FEATURES', 'VERSION_1'], protocol: ['DEVICE_STATE'] } }),
        scripts: [serves],
      },
    );
    expect(Buffer.from(front.connections[0]?.answers[0] ?? []).toString()).toBe('the state of a simulated device\n');
  });

  it('keeps an inflight region and gives it back', async () => {
    const offers = { virtio: ['PROTOCOL_FEATURES', 'VERSION_1'], protocol: ['CONFIG', 'INFLIGHT_SHMFD'] };
    const { back } = await talkWell(
      { traits: block.front, scripts: [script(conversations.qemuConnects(1), conversations.qemuStartsBlk())] },
      { traits: blockBackEnd({ offers }), scripts: [serves] },
    );
    const passed = (frames: readonly Frame[] | undefined) =>
      frames
        ?.filter(({ bytes, fds }) => (bytes[0] === 31 || bytes[0] === 32) && fds.length > 0)
        .map(({ fds }) => fds[0]);
    const regions = passed(back.connections[0]?.frames);
    expect(regions?.map(fd => fd?.kind)).toEqual(['memfd', 'memfd']);
    expect(regions?.[0]?.inode).toBe(regions?.[1]?.inode);
  });

  it('draws on the gpu channel', async () => {
    const { front, back } = await talkWell(
      {
        traits: qemuLike({ device: 16 }),
        scripts: [script(conversations.qemuConnects(1), send('GPU_SET_SOCKET'), awaits('GPU_UPDATE'))],
      },
      {
        traits: blockBackEnd({ device: 16 }),
        scripts: [
          script(
            awaits('GPU_SET_SOCKET'),
            send('GPU_GET_PROTOCOL_FEATURES'),
            send('GPU_GET_DISPLAY_INFO'),
            send('GPU_SCANOUT', { scanout_id: 0, width: 1024, height: 768 }),
            send('GPU_UPDATE', { width: 1024, height: 768, data: new Uint8Array(1024 * 768 * 4) }),
            untilClosed(),
          ),
        ],
      },
    );
    const gpu = (frames: readonly Frame[] | undefined) => frames?.filter(({ channel }) => channel === 'gpu') ?? [];
    expect(gpu(front.connections[0]?.frames).map(({ wireLength }) => wireLength)).toEqual([
      12,
      20,
      12,
      12 + 408,
      24,
      12 + 20 + 1024 * 768 * 4,
    ]);
    expect(seen(back.connections[0]?.frames, 'gpu')).toEqual(seen(front.connections[0]?.frames, 'gpu'));
  });

  it('tells the replies to requests apart that were sent one after the other', async () => {
    const pipelined = { pipelined: true };
    const { front } = await talkWell(
      {
        traits: block.front,
        scripts: [
          [send('GET_FEATURES', {}, pipelined), send('GET_PROTOCOL_FEATURES', {}, pipelined), send('GET_QUEUE_NUM')],
        ],
      },
      { traits: block.back, scripts: [serves] },
    );
    const replies = front.connections[0]?.frames.filter(({ reply }) => reply);
    expect(replies?.map(({ answers }) => answers)).toEqual([1, 2, 3]);
  });

  it('says why it could not go on', async () => {
    const { front, back } = await talk(
      {
        traits: block.front,
        scripts: [[raw(Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff)), untilClosed()]],
      },
      { traits: block.back, scripts: [serves] },
    );
    expect([front.error, back.error]).toEqual([undefined, 'a message of 4294967295 bytes']);
  });

  it('does not wait for ever', async () => {
    const { front } = await talk(
      { traits: block.front, patience: 500, scripts: [[send('GET_FEATURES'), awaits('BACKEND_CONFIG_CHANGE_MSG')]] },
      { traits: block.back, scripts: [serves] },
    );
    expect(front.error).toBe('waited 500 ms for a BACKEND_CONFIG_CHANGE_MSG of the other side');
  });
});
