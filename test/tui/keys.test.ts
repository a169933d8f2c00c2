/** What keys and the mouse do, over a real capture. */
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newFacts } from '../../src/tui/engine.ts';
import { textOf } from '../../src/tui/frame.ts';
import { keyGroups } from '../../src/tui/keys/index.ts';
import { update } from '../../src/tui/update.ts';
import { currentField } from '../../src/tui/views/detail.ts';
import { rowUnderCursor } from '../../src/tui/views/messages.ts';
import { heldLike, holding } from './engine.ts';
import { Stage } from './stage.ts';

const capture = resolve(import.meta.dirname, '../../captures/fs.pcapng');
let stage: Stage;
beforeEach(() => {
  stage = new Stage(capture, { width: 120, height: 40 });
});
afterEach(() => stage.close());

const at = (): number | undefined => rowUnderCursor(stage.model)?.n;
const foot = (): string => textOf(stage.frame.lines.at(-1) ?? []).trim();

const ways: readonly [what: string, keys: string[], n: number][] = [
  ['down and up', ['j', 'j', 'k'], 2],
  ['a page, and back to the first', ['pagedown', 'g'], 1],
  ['the last one', ['G'], 54],
  ['by number', [':', '"33"', 'enter'], 33],
  ['to the reply', [':', '"44"', 'enter', 'r'], 45],
  ['to the request', [':', '"45"', 'enter', 'r'], 44],
  ['the next of the same name', [':', '"19"', 'enter', ']'], 21],
  ['the one before of the same name', [':', '"21"', 'enter', '['], 19],
  ['the next phase', [')'], 4],
  ['two phases on, as fast as keys come', [')', ')'], 25],
  ['back to a phase', ['G', '('], 42],
  ['a search', ['/', '"SET_MEM"', 'enter', '/', '"eventfd#9"', 'enter'], 33],
  ['the next match', ['/', '"SET_VRING_KICK"', 'enter', 'n'], 37],
  ['the match before', ['/', '"SET_VRING_KICK"', 'enter', 'n', 'N'], 33],
  ['who passed the descriptor first', [':', '"40"', 'enter', 'u'], 25],
  ['a mark', [':', '"33"', 'enter', 'm', 'a', 'g', "'", 'a'], 33],
  ['a jump, a search from there, and the reply', [':', '"8"', 'enter', '/', '"GET_VRING_BASE"', 'enter', 'r'], 45],
  ['a filter, and the second of those', ['f', '"GET_VRING_BASE"', 'enter', 'j', 'j'], 46],
];

describe('going through the messages', () => {
  it.each(ways)('%s', (_, keys, n) => {
    stage.press(...keys);
    expect(at()).toBe(n);
  });

  it.each(ways)('%s, with all keys at once', (_, keys, n) => {
    stage.pressAtOnce(...keys);
    expect({ n: at(), waiting: stage.model.waiting }).toEqual({ n, waiting: undefined });
  });

  it('by a click', () => {
    stage.act({ type: 'mouse', what: 'press', x: 30, y: 6 });
    expect(at()).toBe(5);
  });

  it('waits for what a key is about, and Esc does not', () => {
    stage.pressAtOnce(':', '"44"', 'enter', 'r', 'escape', 'j');
    expect(at()).toBe(2);
  });

  it.each(['state', 'findings'])('copies a message whose detail is not shown, beside the %s', view => {
    stage.press(':', '"4"', 'enter', view === 'state' ? '4' : '5', 'y', 'h');
    expect(stage.effects).toContainEqual({ type: 'copy', text: '010000000100000000000000' });
  });

  it('names a message once it is held, and the keys for it in place of what was said before', () => {
    stage.press('escape', 'r');
    expect(foot()).toMatch(/neither answers/);
    stage.act({ type: 'engine', facts: holding(heldLike(capture, 27)) });
    expect(textOf(stage.frame.lines[0] ?? [])).toContain('SET_FEATURES held, 26 s left');
    expect(foot()).toContain('a let go');
  });

  it('takes a click on what a prompt offers', () => {
    const click = (word: RegExp): void => {
      const y = stage.frame.lines.findIndex(line => word.test(textOf(line)));
      stage.act({ type: 'mouse', what: 'press', x: 3, y });
    };
    stage.press('f', '"SET_VRING_"');
    click(/SET_VRING_ERR {2}gives/);
    expect(stage.model.choice.filter).toBe('SET_VRING_ERR');
    stage.press('enter', 'escape', ':', '"show the state"');
    click(/show the state/);
    expect({ focus: stage.model.focus, prompt: stage.model.prompt }).toEqual({ focus: 'state', prompt: undefined });
    stage.press(':');
    stage.act({ type: 'mouse', what: 'down', x: 3, y: 3 });
    expect(stage.model.prompt?.picked).toBe(1);
    stage.press('escape', '?').act({ type: 'mouse', what: 'down', x: 3, y: 3 });
    expect(stage.model.help).toBe(3);
    stage.act({ type: 'mouse', what: 'press', x: 3, y: 3 });
    expect(stage.model.help).toBeUndefined();
  });

  it('selects messages from beside another view as well', () => {
    stage.press('4', 'v', 'j', 'j');
    expect(textOf(stage.frame.lines[1] ?? [])).toContain('3 selected');
  });

  it('marks from the palette: the letter is waited for', () => {
    stage.press(':', '"mark this message"', 'enter', 'q', 'G', "'", 'q');
    expect(at()).toBe(1);
  });

  it('brings the view whose action is chosen in the palette', () => {
    stage.press(':', '"rules: next section"', 'enter');
    expect({ focus: stage.model.focus, side: stage.model.side }).toEqual({ focus: 'rules', side: 'rules' });
  });

  it('knows the message under the cursor while another view has the whole screen', () => {
    stage.press('4', 'z', ':', '"45"', 'enter');
    expect(at()).toBe(45);
    expect(stage.frame.lines.map(textOf).join('\n')).toContain('after 45, session 1.1');
  });

  it('keeps the message when a filter comes and goes', () => {
    stage.press(':', '"45"', 'enter', 'f', '"GET_VRING_BASE"', 'enter');
    expect(at()).toBe(45);
    expect(stage.model.standing.chosen).toBe(4);
    stage.press('escape');
    expect(at()).toBe(45);
    expect(stage.model.standing.chosen).toBe(54);
  });

  it('brings everything back when a filter is given up', () => {
    stage.press(':', '"45"', 'enter', 'f', '"GET_QUEUE_NUM"', 'escape');
    expect(stage.model.choice.filter).toBe('');
    expect(at()).toBe(45);
  });

  it('completes a filter and runs it while it is typed', () => {
    stage.press('f', '"SET_MEM"', 'tab');
    expect(stage.model.prompt?.text).toBe('SET_MEM_TABLE');
    expect(stage.model.choice.filter).toBe('SET_MEM_TABLE');
  });

  it('points at the column where a filter is none', () => {
    stage.press('f', '"n = "');
    const screen = stage.frame.lines.map(textOf);
    expect(screen.at(-2)?.indexOf('^')).toBe(' filter: n = '.length);
  });

  it('follows the tail until somebody scrolls, and says what is new', () => {
    stage.press('F');
    expect(stage.model.list.following).toBe(true);
    stage.press('k');
    expect(stage.model.list.following).toBe(false);
    const grown = { ...stage.model.standing, rows: 60, chosen: 60 };
    const [model] = update(stage.model, { type: 'standing', standing: grown });
    expect(model.list.cursor).toBe(52);
    expect(model.list.seen).toBe(54);
  });
});

describe('the detail and the bytes', () => {
  it('are linked both ways', () => {
    stage.press(':', '"32"', 'enter', '2');
    stage.pressUntil('j', () => currentField(stage.model)?.offset === 12);
    stage.press('3', 'g', ...'llllllllllllllllllll'.split(''));
    expect(currentField(stage.model)).toMatchObject({ offset: 20, length: 8 });
  });

  it('open and close what has parts', () => {
    stage.press(':', '"28"', 'enter', '2');
    const shows = (text: string): boolean => stage.frame.lines.some(line => textOf(line).includes(text));
    stage.pressUntil('j', () => shows('guest_address'));
    stage.pressUntil('j', () => currentField(stage.model)?.length === 32);
    expect(shows('user_address')).toBe(true);
    stage.press('enter');
    expect(shows('address in the front-end')).toBe(false);
  });
});

describe('what cannot be done says why', () => {
  it.each([
    [['n'], 'nothing was searched for yet'],
    [['r'], 'this message neither answers another one nor was it answered'],
    [["'", 'x'], 'no message is marked'],
    [['W'], 'nobody has looked whether there is one'],
    [[','], 'there is no mark or note above the cursor'],
    [['~'], 'this is the first message'],
    [['e'], 'there is no finding below the cursor'],
    [['/', '"nowhere"', 'enter'], "'nowhere' does not occur below the cursor"],
    [[':', '"999"', 'enter'], 'there is no record 999'],
    [['G', 'p'], 'this is the last message'],
  ])('%s', (keys, why) => {
    stage.press(...keys);
    expect(foot()).toBe(why);
  });
});

describe('doing things', () => {
  it('copies', () => {
    stage.press(':', '"4"', 'enter', 'y', 'h');
    expect(stage.effects).toEqual([{ type: 'copy', text: '010000000100000000000000' }]);
    stage.press('y', 'j');
    const [, json] = stage.effects;
    expect(json?.type === 'copy' && JSON.parse(json.text)).toMatchObject({ n: 4, name: 'GET_FEATURES' });
  });

  it('exports what is selected, in the format that the name asks for', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vhuscope-keys-'));
    try {
      const path = join(folder, 'part.txt');
      stage.press(':', '"28"', 'enter', 'v', 'j', 'j', 'w');
      expect(foot()).toMatch(/save into the new file: fs-part\.pcapng$/);
      stage.press('C-u', `"${path}"`, 'enter');
      expect(foot()).toBe(`3 records saved into ${path}`);
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
      expect(lines.map(line => Number.parseInt(line, 10))).toEqual([28, 29, 30]);
      expect(lines[0]).toContain('ADD_MEM_REG');
      stage.press('escape', 'w', 'C-u', `"${path}"`, 'enter');
      expect(foot()).toContain('it is there already');
      stage.press('w', 'C-u', `"${join(folder, 'part.doc')}"`, 'enter');
      expect(foot()).toContain('the end of its name says what it shall be: .pcapng, .txt');
      stage.press('j');
      expect(foot()).not.toContain('saving');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('writes notes into a finished capture, shows them with their message, and goes to them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vhuscope-keys-'));
    const path = join(folder, 'fs.pcapng');
    copyFileSync(capture, path);
    chmodSync(path, 0o600);
    const own = new Stage(path, { width: 120, height: 40 });
    try {
      own.press(':', '"28"', 'enter', 'c', '"all of guest memory"', 'enter').grow();
      expect(textOf(own.frame.lines.at(-1) ?? [])).toContain('noted as record 55');
      const shown = () => own.frame.lines.map(textOf);
      expect(shown().find(line => line.includes('B ADD_MEM_REG'))).toMatch(/^" +28 /);
      expect(shown().some(line => line.includes('all of guest memory ('))).toBe(true);
      own.press('g', ';');
      expect(rowUnderCursor(own.model)?.n).toBe(28);
    } finally {
      own.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('opens Wireshark at the record, or copies the command that does', () => {
    stage.press(':', '"28"', 'enter', 'y', 'w');
    expect(stage.effects).toEqual([{ type: 'copy', text: `wireshark -r ${capture} -g 28` }]);
    stage.model = { ...stage.model, wireshark: true };
    stage.press('W');
    expect(stage.effects.at(-1)).toEqual({ type: 'wireshark', place: { path: capture, number: 28 } });
  });

  it('plays back as well', () => {
    stage.press(':', '"28"', 'enter', '~');
    const wake = stage.effects.at(-1);
    if (wake?.type === 'wake') stage.act({ type: 'awake', turn: wake.turn });
    expect(at()).toBe(27);
    expect(textOf(stage.frame.lines[0] ?? [])).toContain('playing back at the speed of the recording');
    stage.press('escape');
    expect(foot()).toBe('paused');
  });

  it('plays as long as nobody stops it', () => {
    stage.press('p');
    const wake = stage.effects.at(-1);
    expect(wake).toMatchObject({ type: 'wake' });
    if (wake?.type === 'wake') stage.act({ type: 'awake', turn: wake.turn });
    expect(at()).toBe(2);
    stage.press('p');
    if (wake?.type === 'wake') stage.act({ type: 'awake', turn: wake.turn + 1 });
    expect(at()).toBe(2);
  });

  it('asks what becomes of an engine of its own', () => {
    const facts = newFacts('one', true);
    stage.act({ type: 'engine', facts }).press('q', 'down', 'enter');
    expect(stage.effects).toEqual([{ type: 'stop-engine' }]);
    stage.act({ type: 'engine', facts: { ...facts, ended: true } }).press('q');
    expect(stage.effects.at(-1)).toEqual({ type: 'quit' });
  });

  it('drops answers that nobody waits for', () => {
    const before = stage.model;
    const [after] = update(before, { type: 'answer', key: 'no such question', answer: undefined });
    expect(after).toEqual(before);
  });

  it('drags the border and clicks the names of views', () => {
    stage.act({ type: 'mouse', what: 'drag', x: 110, y: 30 });
    expect(stage.model.split).toBe(0.5);
    const border = stage.frame.lines.findIndex(line => textOf(line).includes('4 state'));
    stage.act({ type: 'mouse', what: 'press', x: 115, y: border });
    stage.act({ type: 'mouse', what: 'drag', x: 110, y: 30 }).act({ type: 'mouse', what: 'release', x: 110, y: 30 });
    expect(stage.model.split).toBeCloseTo(29 / 38);
    const title = stage.frame.lines.findIndex(line => textOf(line).includes('4 state'));
    const x = textOf(stage.frame.lines[title] ?? []).indexOf('state');
    stage.act({ type: 'mouse', what: 'press', x, y: title });
    expect(stage.model.side).toBe('state');
  });
});

describe('bindings', () => {
  const everywhere = keyGroups.filter(({ view }) => view === undefined).flatMap(({ bindings }) => bindings);

  it('say what they do in lower case, without a full stop', () => {
    for (const { help } of keyGroups.flatMap(({ bindings }) => bindings)) expect(help).toMatch(/^[a-z].*[^.]$/);
  });

  it('do not hide each other', () => {
    const keys = everywhere.flatMap(binding => binding.keys);
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
    for (const { view, bindings } of keyGroups) {
      if (view === undefined) continue;
      const own = bindings.flatMap(binding => binding.keys);
      expect(
        own.filter((key, i) => own.indexOf(key) !== i),
        view,
      ).toEqual([]);
    }
  });
});

it('says in full what of a capture cannot be read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vhuscope-keys-'));
  const path = join(folder, 'torn.pcapng');
  copyFileSync(capture, path);
  chmodSync(path, 0o600);
  truncateSync(path, statSync(path).size - 30);
  const torn = new Stage(path, { width: 60, height: 24 });
  try {
    const lines = torn.press('5').frame.lines.map(textOf);
    const from = lines.findIndex(line => line.includes('What cannot be read'));
    expect(from).toBeGreaterThan(0);
    expect(lines.slice(from).join(' ')).toMatch(/cut here.*vhuscope read +--repair +cuts +the +rest +off/s);
  } finally {
    torn.close();
    rmSync(folder, { recursive: true });
  }
});
