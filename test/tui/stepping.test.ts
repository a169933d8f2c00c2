/** Holding and changing messages by keys: what an engine would be asked to do, and what the form makes of a message. */
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HeldStatus } from '../../src/control/messages.ts';
import { textOf } from '../../src/tui/frame.ts';
import type { Order } from '../../src/tui/order.ts';
import { outcomeOf } from '../../src/tui/order.ts';
import { parseBreakpoint } from '../../src/tui/stepping/written.ts';
import { heldLike, holding, ruleLike } from './engine.ts';
import { Stage } from './stage.ts';

const capture = resolve(import.meta.dirname, '../../captures/fs.pcapng');
/** SET_FEATURES, ADD_MEM_REG with a descriptor, and the reply to GET_VRING_BASE. */
const features = heldLike(capture, 27);
const region = heldLike(capture, 28);
const reply = heldLike(capture, 45);

let stage: Stage;
beforeEach(() => {
  stage = new Stage(capture, { width: 120, height: 40 });
});
afterEach(() => stage.close());

const hold = (...held: HeldStatus[]): void => void stage.act({ type: 'engine', facts: holding(...held) });
/** What the engine was asked to do, without the form's asking for more time. */
const orders = (): Order[] =>
  stage.effects.flatMap(effect => (effect.type === 'order' && effect.order.request !== 'prolong' ? effect.order : []));
const foot = (): string => textOf(stage.frame.lines.at(-1) ?? []).trim();
const shown = (): string => stage.frame.lines.map(textOf).join('\n');

describe('keys about a held message', () => {
  it.each<[string, string[], Order]>([
    ['let go', ['a'], { request: 'release', params: { n: 26 } }],
    ['step', ['s'], { request: 'step', params: { n: 26 } }],
    ['let all go', ['A'], { request: 'release', params: {} }],
    ['drop', ['d'], { request: 'drop', params: { n: 26 } }],
    ['close', ['X'], { request: 'close', params: { n: 26 } }],
    ['answer', ['@', '"err"', 'enter'], { request: 'answer', params: { n: 26, with: 'error' } }],
    ['answer with a number', ['@', '"0x40"', 'enter'], { request: 'answer', params: { n: 26, with: '0x40' } }],
    ['the one of the record under the cursor', [':', '"44"', 'enter', 'd'], { request: 'drop', params: { n: 44 } }],
    ['the one under the cursor of the held ones', ['0', 'G', 'd'], { request: 'drop', params: { n: 44 } }],
    ['from the palette', [':', '"drop the held"', 'enter'], { request: 'drop', params: { n: 26 } }],
  ])('%s', (_, keys, order) => {
    hold(features, reply);
    stage.press(...keys);
    expect(orders()).toEqual([order]);
  });

  it('say why they do nothing', () => {
    stage.press('a');
    expect(foot()).toBe('there is no running engine');
    hold();
    stage.press('a');
    expect(foot()).toBe('nothing is held');
    hold(reply);
    stage.press('@');
    expect(foot()).toBe('it is a reply, nobody answers it');
    expect(orders()).toEqual([]);
  });

  it('do not let a message go as it came over what is written in its form', () => {
    hold(features, reply);
    stage.press('0', 'e', 'j', 'j', 'j', 'j', 'j', 'enter', '1', 'a', 's');
    expect(foot()).toContain('it is changed in the form');
    expect(orders()).toEqual([]);
    stage.press('C', 'escape', '1', 'a');
    expect(orders()).toEqual([{ request: 'release', params: { n: 26 } }]);
  });

  it('are in the key line only while something is held', () => {
    expect(foot()).not.toContain('let go');
    hold(features);
    expect(foot()).toContain('a let go  s step  d drop');
  });
});

describe('breakpoints', () => {
  it('are set and taken away for the kind under the cursor', () => {
    hold();
    stage.press(':', '"5"', 'enter', 'b');
    expect(orders()).toEqual([{ request: 'hold', params: { filter: 'GET_FEATURES and reply' } }]);
    const facts = holding();
    stage.act({ type: 'engine', facts: { ...facts, rules: [ruleLike('b2', 'GET_FEATURES and reply')] } });
    stage.press('b');
    expect(orders().at(-1)).toEqual({ request: 'unhold', params: { name: 'b2' } });
  });

  it.each<[string, ReturnType<typeof parseBreakpoint>]>([
    ['SET_FEATURES', { filter: 'SET_FEATURES' }],
    ['once SET_FEATURES', { once: true, filter: 'SET_FEATURES' }],
    ['nth 3 vring.index == 0', { nth: 3, filter: 'vring.index == 0' }],
    ['for 120 as x pair vm1 reply', { ms: 120_000, name: 'x', pair: 'vm1', filter: 'reply' }],
    ['forever connection 2 message', { forever: true, connection: 2, filter: 'message' }],
  ])('%s', (text, wanted) => {
    expect(parseBreakpoint(text)).toEqual(wanted);
    hold();
    stage.press('B', `"${text}"`, 'enter');
    expect(orders()).toEqual([{ request: 'hold', params: wanted }]);
  });

  it.each([
    ['nth 0 message', 4, 'expected a number behind nth'],
    ['once', 4, 'expected a filter; message stands for every message'],
    ['once  SET_NOTHING', 6, 'there is no message, field or word SET_NOTHING'],
    ['for 3 forever message', 0, 'for and forever contradict each other'],
  ])('%s is wrong at column %i', (text, column, message) => {
    hold();
    stage.press('B', `"${text}"`);
    const marked = stage.frame.lines.map(textOf).find(line => line.includes(`^ ${message}`));
    expect(marked?.indexOf('^')).toBe(' hold: '.length + column);
    stage.press('enter');
    expect(orders()).toEqual([]);
  });

  it('and rules are switched and taken away in their view', () => {
    hold();
    stage.press('R', 'j', 'space', 'x', '}', 'space');
    expect(orders()).toEqual([
      { request: 'switch', params: { name: '--hold', on: false } },
      { request: 'unhold', params: { name: '--hold' } },
      { request: 'switch', params: { name: 'b1', on: true } },
    ]);
    stage.press('G', 'k', 'x');
    expect(foot()).toMatch(/only breakpoints can be taken away/);
    stage.press('L', '"without-r"', 'tab', 'enter', 'l');
    expect(orders().slice(3)).toEqual([
      { request: 'load', params: { files: ['without-reply-ack'] } },
      { request: 'load', params: {} },
    ]);
  });
});

/** The line of the form that begins with a word, and the cursor on it. */
function goTo(word: RegExp): void {
  stage.press('g');
  for (let i = 0; i < 200; i++) {
    const line = stage.frame.lines.find(spans => spans.some(({ ground }) => ground === 'cursor'));
    if (line && word.test(textOf(line))) return;
    stage.press('j');
  }
  throw new Error(`the form has no line ${word}:\n${shown()}`);
}

/** What would be sent when the form is sent. */
function sent(): { hex: string; fds: string | undefined } {
  stage.press('a');
  const order = orders().at(-1);
  if (order?.request !== 'edit' && order?.request !== 'inject') throw new Error('nothing was sent');
  const message = order.request === 'edit' ? order.params.change : order.params.message;
  return { hex: message && 'hex' in message ? message.hex : '', fds: order.params.fds };
}

describe('the form', () => {
  it('ticks bits, whose standing it tells', () => {
    hold(features);
    stage.press('0', 'e');
    goTo(/29 RING_EVENT_IDX/);
    expect(shown()).toMatch(/\[x\] 29 RING_EVENT_IDX +offered/);
    expect(shown()).toMatch(/\[ \] 34 RING_PACKED +not offered /);
    stage.press('space');
    expect(shown()).toMatch(/\[ \] 29 RING_EVENT_IDX/);
    expect(sent()).toEqual({ hex: '0200000001000000080000000000005001000000', fds: 'none' });
    expect(orders()).toEqual([
      expect.objectContaining({ request: 'edit', after: { request: 'release', params: { n: 26 } } }),
    ]);
  });

  it('asks for more time whenever something is changed', () => {
    hold(features);
    stage.press('0', 'e');
    goTo(/29 RING_EVENT_IDX/);
    stage.press('space');
    const asked = stage.effects.filter(effect => effect.type === 'order' && effect.order.request === 'prolong');
    expect(asked).toHaveLength(2);
  });

  it('takes values in decimal and hexadecimal digits, and says at the field what is wrong', () => {
    hold(region);
    stage.press('0', 'e');
    goTo(/size +\d+ = 0x10000000|size +0x10000000 = \d+/);
    stage.press('enter', 'C-u', '"much"');
    expect(shown()).toMatch(/\^ expected a number/);
    stage.press('enter');
    expect(shown()).toMatch(/! much: expected a number/);
    stage.press('enter', 'C-u', '"4096"', 'enter');
    expect(shown()).not.toMatch(/! much/);
    // The padding, guest address 0, then the size.
    expect(sent().hex.slice(24, 72)).toBe('0000000000000000' + '0000000000000000' + '0010000000000000');
  });

  it('keeps, doubles, leaves out and replaces descriptors', () => {
    hold(region);
    stage.press('0', 'e');
    goTo(/0 +memfd#8 256M/);
    stage.press('D');
    expect(shown()).toMatch(/1 +once more: memfd/);
    stage.press('j', 'enter', '"memfd:8K"', 'enter', 'j', 'enter', '"ev"', 'enter');
    expect(sent().fds).toBe('0,memfd:8K,eventfd');
    goTo(/0 +memfd#8 256M/);
    stage.press('x');
    expect(shown()).toMatch(/- +left out: memfd#8/);
    stage.press('U');
    expect(sent().fds).toBe('0,memfd:8K,eventfd');
  });

  it('takes and leaves entries of lists with their descriptors, and counts that are insisted on', () => {
    const slots = resolve(import.meta.dirname, '../../captures/failures/slots.pcapng');
    stage.close();
    stage = new Stage(slots, { width: 80, height: 24 });
    hold(heldLike(slots, 54));
    stage.press('0', 'e');
    goTo(/▾ \[1\]/);
    stage.press('x');
    expect(stage.model.focus).toBe('compose');
    goTo(/num_regions +2 +follows/);
    expect(sent().fds).toBe('0,2');
    goTo(/guest_address +0x108000000/);
    stage.press('D');
    goTo(/- +left out: memfd#11/);
    expect(sent()).toMatchObject({ fds: '0,2,2', hex: expect.stringMatching(/^05000000090000006800000003000000/) });
    goTo(/num_regions/);
    stage.press('enter', 'C-u', '"9"', 'enter');
    goTo(/num_regions +9 +insisted on, 3 there/);
    goTo(/mmap_offset/);
    stage.press('enter', 'C-u', '"0x1000"', 'enter');
    goTo(/num_regions +9 +insisted on/);
    stage.press('enter', 'C-u');
    expect(shown()).not.toMatch(/\^/);
    stage.press('enter');
    goTo(/num_regions +3 +follows/);
    goTo(/descriptor +memfd#6/);
    stage.press('x');
    goTo(/descriptor +none is left for this entry/);
    stage.press('enter', '"memfd:4K"', 'enter');
    expect(sent().fds).toBe('2,2,memfd:4K');
    goTo(/\+ +add one/);
    stage.press('enter');
    expect(sent().hex).toMatch(/^05000000090000008800000004000000/);
  });

  it('has the fields of the configuration space, and its bytes row by row', () => {
    const blk = resolve(import.meta.dirname, '../../captures/blk.pcapng');
    stage.close();
    stage = new Stage(blk, { width: 80, height: 24 });
    hold(heldLike(blk, 22));
    stage.press('0', 'e');
    goTo(/capacity +131072/);
    stage.press('enter', 'C-u', '"8"', 'enter');
    expect(sent().hex.slice(48, 64)).toBe('0800000000000000');
    goTo(/▸ as bytes/);
    stage.press('enter', 'j');
    goTo(/0010 +00 00 00 00 00 02/);
    stage.press('enter', 'C-u', '"0102"');
    expect(shown()).toMatch(/\^ expected 16 bytes, got 2/);
    stage.press('C-u', '""ABCDEFGHIJKLMNOP""', 'enter');
    goTo(/0010 +41 42 43 .* ABCDEFGHIJKLMNOP/);
    expect(sent().hex.slice(80, 112)).toBe(Buffer.from('ABCDEFGHIJKLMNOP').toString('hex'));
    goTo(/▾ fewer/);
    stage.press('enter');
    expect(shown()).not.toMatch(/0010 +41/);
  });

  it('has the other layouts of a message', () => {
    hold(region);
    stage.press('0', 'e');
    goTo(/layout +single memory region +one of 2/);
    stage.press('enter');
    goTo(/layout +with XEN_MMAP/);
    goTo(/domid +0/);
    const { hex } = sent();
    expect(hex).toMatch(/^250000000900000030000000/);
    // Twelve bytes of header, eight of padding, then the region as it was.
    expect(hex.slice(40, 104)).toBe(
      Buffer.from(region.bytes ?? [])
        .toString('hex')
        .slice(40, 104),
    );
    goTo(/layout/);
    stage.press('enter');
    expect(sent().hex).toBe(Buffer.from(region.bytes ?? []).toString('hex'));
    hold();
    stage.press('escape', 'i', '"GET_INFLIGHT_FD"', 'enter');
    expect(shown()).not.toMatch(/layout/);
  });

  it('says of a list in a message of our own that no descriptor goes with it yet', () => {
    hold();
    stage.press('i', '"SET_MEM_TABLE"', 'enter');
    goTo(/\+ +add one/);
    stage.press('enter');
    goTo(/descriptor +none is left/);
    goTo(/\+ +none goes with it; add one/);
    expect(sent()).toMatchObject({ fds: 'none', hex: expect.stringMatching(/^05000000010000002800000001000000/) });
  });

  it('sets entries of tables', () => {
    hold();
    stage.press('i', '"F←B GET_SHMEM_CONFIG = nregions=1 memory_sizes=[2:0x1000]"', 'enter');
    goTo(/\+ +set another one/);
    stage.press('enter', '"300:1"');
    expect(shown()).toMatch(/\^ memory_sizes has 256 entries/);
    stage.press('C-u', '"3:0x2000"', 'enter');
    goTo(/\[2\] +0x1000/);
    stage.press('x');
    goTo(/memory_sizes +1 of 256 are not zero/);
    expect(sent().hex.slice(24 + 16 + 32, 24 + 16 + 64)).toBe(`${'00'.repeat(8)}0020${'00'.repeat(6)}`);
  });

  it('lets sizes follow unless somebody insists', () => {
    hold(features);
    stage.press('0', 'e');
    goTo(/size +8 +follows/);
    stage.press('enter', '"4"', 'enter');
    expect(shown()).toMatch(/size +4 +insisted on/);
    expect(sent().hex).toBe('0200000001000000040000000000007001000000');
    goTo(/size +4/);
    stage.press('enter', 'C-u', 'enter');
    expect(sent().hex.slice(16, 24)).toBe('08000000');
  });

  it('is written as a line, with what is wrong at its column, or as bytes', () => {
    hold(features);
    stage.press('0', 'e', 'L', 'C-u', '"F→B SET_OWNR"');
    expect(shown()).toMatch(/\^ no message is called SET_OWNR/);
    stage.press('C-w', '"SET_OWNER"', 'enter');
    expect(sent().hex).toBe('030000000100000000000000');
    stage.press('H', 'C-u', '"0400000001000000"', 'enter');
    expect(foot()).toMatch(/a message has 12 bytes at least/);
  });

  it('closes when its message was sent, and stays where that was too late', () => {
    hold(features);
    stage.press('0', 'e', 'a');
    const [order] = orders();
    if (!order) throw new Error('nothing was asked');
    stage.act({ type: 'obeyed', order, outcome: outcomeOf(order, { n: 26, done: false, state: 'deadline' }) });
    expect(foot()).toBe('too late: 26 had gone on (deadline)');
    expect(stage.model.focus).toBe('compose');
    stage.press('a');
    const release = { request: 'release', params: { n: 26 } } as const;
    const released = { released: [{ n: 26, done: true, state: 'released' }] };
    stage.act({ type: 'obeyed', order: release, outcome: outcomeOf(release, released) });
    expect(foot()).toBe('26 goes on');
    expect(stage.model.focus).toBe('held');
  });

  it('makes messages of our own', () => {
    hold();
    stage.press('i', '"GET_FEA"', 'tab');
    expect(stage.model.prompt?.text).toBe('F->B GET_FEATURES');
    stage.press('enter');
    goTo(/keep the reply/);
    stage.press('space', 'a');
    expect(orders()).toEqual([
      {
        request: 'inject',
        params: {
          ...{ message: { hex: '010000000100000000000000' }, channel: 'main', direction: 'front-to-back' },
          ...{ fds: 'none', keepReply: true },
        },
      },
    ]);
  });

  it('copies the message under the cursor', () => {
    hold();
    stage.press(':', '"33"', 'enter', 'I');
    expect(sent()).toEqual({ hex: '0c00000001000000080000000000000000000000', fds: 'eventfd' });
  });
});
