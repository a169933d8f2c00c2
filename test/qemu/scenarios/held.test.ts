/** Somebody is killed while a message is held: who is said to have gone, and what is left behind. */
import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { readCapture } from '../../../src/capture/reader.ts';
import { ControlClient } from '../../../src/control/client.ts';
import { decodeFrame } from '../../../src/decode/message.ts';
import { diagnosed } from '../diagnosed.ts';
import { Pair } from '../pair.ts';
import { devices, newDisk, qemu, storageDaemon } from '../peers.ts';
import { Program, stopAll } from '../programs.ts';
import { vhuscope } from '../vhuscope.ts';

/** Without vhuscope in between nothing can be held. */
const direct = process.env.VHUSCOPE_RIG_DIRECT === '1';

type Event = Record<string, unknown> & { event: string };

/** QEMU and its disk, with a message held between them. */
class Standing {
  readonly pair = new Pair('held', { traced: false });
  engine!: ControlClient;
  machine!: Program;
  backEnd!: Program;
  pid = 0;
  n = 0;
  /** Descriptors of the engine before QEMU came. */
  #before = 0;

  async begin(filter: string): Promise<void> {
    const { pair } = this;
    const name = `held-${process.pid}`;
    this.backEnd = await pair.start('back-end', storageDaemon(pair.backSocket, newDisk(`${pair.folder}/disk`)));
    await pair.startProxy('is there', ['--hold', filter, '--hold-for', '120', '--name', name]);
    this.engine = await ControlClient.connect(name, { program: 'scenario' });
    this.pid = (await this.engine.request('status', {})).pid;
    this.#before = this.#descriptors();
    this.machine = await pair.start('front-end', qemu(pair.frontSocket, { tasks: 'blk', device: devices.blk }));
    await expect.poll(() => this.held(), { timeout: 30_000 }).toHaveLength(1);
    this.n = (await this.held())[0]?.n as number;
  }

  async held() {
    return (await this.engine.request('holds', {})).held;
  }

  #descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  /** Nothing is held any more, and the engine has no more descriptors than before. */
  async over(): Promise<void> {
    await expect.poll(() => this.held(), { timeout: 10_000 }).toEqual([]);
    // One that has no back-end to connect to does not listen either.
    await expect.poll(() => this.#descriptors(), { timeout: 10_000 }).toBeLessThanOrEqual(this.#before);
    this.engine.close();
    await this.pair.stopProxy();
    await stopAll();
  }

  frames() {
    return [...readCapture(this.pair.capture)];
  }

  events(): Event[] {
    return this.frames()
      .filter(({ kind }) => kind === 'event')
      .map(({ bytes, channel }) => ({ ...JSON.parse(Buffer.from(bytes).toString()), on: channel }));
  }

  /** How the main channel ended. */
  closed(): Event | undefined {
    return this.events().find(({ event, on }) => event === 'closed' && on === 'main');
  }

  /** What is said of the recording: who did what. */
  verdicts() {
    const { verdicts, findings } = diagnosed(this.pair.capture);
    const grave = findings.filter(({ severity }) => severity !== 'note').map(({ rule, side }) => [rule, side]);
    return { told: verdicts.map(({ id, side, what }) => ({ id, side, what })), grave };
  }

  /** The messages of a name that reached the other side. */
  delivered(name: string): number {
    const own = this.frames().filter(({ kind, sentBytes }) => kind === 'message' && sentBytes?.length !== 0);
    return own.filter(frame => decodeFrame(frame).name === name).length;
  }
}

describe.skipIf(direct)('while a message is held', () => {
  afterEach(stopAll);

  it('QEMU is killed: the back-end gets what was held, and then the end', async () => {
    const standing = new Standing();
    await standing.begin('SET_FEATURES');
    standing.machine.kill();
    await expect.poll(async () => (await standing.held())[0]?.gone).toBe('front-end');
    const [held] = await standing.held();
    expect(held?.waits).toBeUndefined();
    await standing.engine.request('unhold', {});
    await standing.engine.request('release', {});
    await standing.over();
    expect(standing.closed()).toMatchObject({ first: 'front-end' });
    expect(standing.events()).toContainEqual(
      expect.objectContaining({ event: 'peer-exit', side: 'front-end', state: 'exited' }),
    );
    expect(standing.delivered('SET_FEATURES')).toBeGreaterThan(0);
    const { told, grave } = standing.verdicts();
    expect(told).toMatchObject([{ id: 'peer-died', side: 'front-end' }]);
    expect(told[0]?.what).not.toMatch(/mmap/);
    expect(grave).toEqual([]);
  });

  it('the back-end is killed: QEMU sees the end at once, and nobody is blamed for what did not arrive', async () => {
    const standing = new Standing();
    await standing.begin('SET_FEATURES');
    standing.backEnd.kill();
    await standing.machine.prints(/vhost start failed/);
    await standing.over();
    expect(standing.closed()).toMatchObject({ first: 'back-end' });
    expect(standing.events()).toContainEqual(expect.objectContaining({ event: 'released', how: 'closed' }));
    expect(standing.delivered('SET_FEATURES')).toBe(0);
    const { told, grave } = standing.verdicts();
    expect(told).toMatchObject([{ id: 'peer-died', side: 'back-end' }]);
    expect(told[0]?.what).not.toMatch(/SET_FEATURES|acknowledged/);
    expect(grave).toEqual([]);
  });

  it('QEMU is killed before it gets an answer: it is told so, and not that it gave up', async () => {
    const standing = new Standing();
    await standing.begin('GET_CONFIG and reply');
    standing.machine.kill();
    await standing.over();
    expect(standing.closed()).toMatchObject({ first: 'front-end' });
    const { told, grave } = standing.verdicts();
    expect(told).toMatchObject([{ id: 'peer-died', side: 'front-end' }]);
    expect(grave).toEqual([]);
  });

  it('the back-end is killed behind its answer: QEMU gets that, and then the end', async () => {
    const standing = new Standing();
    await standing.begin('GET_CONFIG and reply');
    standing.backEnd.kill();
    await expect.poll(async () => (await standing.held())[0]?.gone).toBe('back-end');
    await standing.engine.request('release', {});
    await standing.machine.prints(/vhost start failed|vhost_set_features failed|Connection refused/);
    await standing.over();
    expect(standing.closed()).toMatchObject({ first: 'back-end' });
    expect(standing.verdicts()).toMatchObject({ told: [{ id: 'peer-died', side: 'back-end' }] });
  });

  it.each(['SET_FEATURES', 'GET_CONFIG and reply'])('%s, vhuscope is killed: both see the end', async filter => {
    const standing = new Standing();
    await standing.begin(filter);
    process.kill(standing.pid, 'SIGKILL');
    await standing.machine.prints(/Failed to read msg header/);
    expect(standing.backEnd.alive).toBe(true);
    await stopAll();
    // Whole up to some record behind that.
    const events = standing.events().map(({ event }) => event);
    expect(events).toContain('held');
    expect(events).not.toContain('closed');
    expect(standing.verdicts()).toEqual({ told: [], grave: [] });
  });

  it('vhuscope is ended: what is held goes first, and nobody else is blamed', async () => {
    const standing = new Standing();
    await standing.begin('SET_FEATURES');
    await standing.pair.stopProxy();
    await stopAll();
    expect(standing.events()).toContainEqual(expect.objectContaining({ event: 'released', how: 'engine-ends' }));
    expect(standing.closed()).toMatchObject({ first: 'proxy' });
    expect(standing.delivered('SET_FEATURES')).toBeGreaterThan(0);
    expect(standing.verdicts()).toEqual({ told: [], grave: [] });
  });

  it('a viewer is killed: it goes on for the others, and two that act at once do not both', async () => {
    const standing = new Standing();
    await standing.begin('SET_FEATURES');
    const { n } = standing;
    const command = [process.execPath, vhuscope, 'ctl', 'watch', '-n', `held-${process.pid}`];
    const doomed = new Program('the viewer', command, { log: `${standing.pair.folder}/viewer.log` });
    await expect.poll(async () => (await standing.engine.request('status', {})).counts.viewers).toBe(1);
    doomed.kill();
    await doomed.ended;
    expect(await standing.held()).toMatchObject([{ n }]);
    const other = await ControlClient.connect(`held-${process.pid}`, { program: 'other' });
    await standing.engine.request('unhold', {});
    const answers = await Promise.all([
      ...[standing.engine, other].map(engine => engine.request('release', { n }).then(({ released }) => released[0])),
      other.request('drop', { n }),
    ]);
    expect(answers.filter(answer => answer?.done)).toHaveLength(1);
    expect(answers.filter(answer => !answer?.done).map(answer => answer?.state)).toEqual(['released', 'released']);
    other.close();
    await standing.machine.prints(/guest: blk ok/);
    expect(await standing.machine.end()).toBe(0);
    await standing.over();
    expect(standing.verdicts()).toEqual({ told: [], grave: [] });
  });
});
