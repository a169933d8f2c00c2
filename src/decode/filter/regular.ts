/**
 * Regular expressions in time proportional to the text. A filter may come from a file somebody else wrote, and the
 * engine of the language can be made to run for years; this one follows all ways through the pattern at once.
 *
 * Understood: characters, `.`, `[a-z]`, `[^…]`, `\d \w \s` and their opposites, `^`, `$`, groups, `|`, and `* + ? {m,n}`.
 */
import { SyntaxProblem } from '../syntax-problem.ts';

/** Instructions of a program; a larger pattern is refused. */
const maxProgram = 4000;
/** Characters of a text that are looked at. */
const maxText = 1 << 16;

type Matches = (code: number) => boolean;
type Instruction =
  | { readonly op: 'char'; readonly matches: Matches }
  | { readonly op: 'split'; first: number; second: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'start' | 'end' | 'match' };

/** A compiled pattern. */
export class Regular {
  readonly #program: readonly Instruction[];
  readonly #fold: boolean;

  /**
   * Compiles a pattern; `fold` ignores case.
   *
   * @throws SyntaxProblem with the column in the pattern
   */
  constructor(pattern: string, fold = false) {
    this.#fold = fold;
    this.#program = new Compiler(fold ? pattern.toLowerCase() : pattern).compile();
  }

  /** Whether the pattern occurs in a text. */
  test(text: string): boolean {
    const searched = this.#fold ? text.toLowerCase() : text;
    const length = Math.min(searched.length, maxText);
    let now = new Threads(this.#program.length);
    let next = new Threads(this.#program.length);
    for (let at = 0; at <= length; at++) {
      if (this.#enter(now, 0, at, length)) return true;
      const code = at < length ? searched.charCodeAt(at) : -1;
      for (const pc of now) {
        const instruction = this.#program[pc] as Instruction;
        if (instruction.op !== 'char' || code < 0 || !instruction.matches(code)) continue;
        if (this.#enter(next, pc + 1, at + 1, length)) return true;
      }
      [now, next] = [next, now];
      next.clear();
    }
    return false;
  }

  /** Adds a thread and all that it leads to without a character; true where one of them has matched. */
  #enter(threads: Threads, start: number, at: number, length: number): boolean {
    const open = [start];
    for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
      if (!threads.add(pc)) continue;
      const instruction = this.#program[pc] as Instruction;
      if (instruction.op === 'match') return true;
      if (instruction.op === 'jump') open.push(instruction.to);
      else if (instruction.op === 'split') open.push(instruction.first, instruction.second);
      else if ((instruction.op === 'start' && at === 0) || (instruction.op === 'end' && at === length))
        open.push(pc + 1);
    }
    return false;
  }
}

/** A set of places in the program. */
class Threads {
  readonly #has: Uint8Array;
  readonly #list: number[] = [];

  constructor(size: number) {
    this.#has = new Uint8Array(size);
  }

  add(pc: number): boolean {
    if (this.#has[pc]) return false;
    this.#has[pc] = 1;
    this.#list.push(pc);
    return true;
  }

  clear(): void {
    for (const pc of this.#list) this.#has[pc] = 0;
    this.#list.length = 0;
  }

  [Symbol.iterator](): ArrayIterator<number> {
    return this.#list[Symbol.iterator]();
  }
}

const classes: { readonly [name: string]: Matches } = {
  d: code => code >= 0x30 && code <= 0x39,
  w: code =>
    (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f,
  s: code => code === 0x20 || (code >= 0x09 && code <= 0x0d),
};

/** Recursive descent over the pattern; the program of each part is made to stand anywhere. */
class Compiler {
  readonly #pattern: string;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  compile(): Instruction[] {
    const program = this.#either();
    if (this.#at < this.#pattern.length) throw this.#problem("')' without '('");
    return [...program, { op: 'match' }];
  }

  #either(): Instruction[] {
    const first = this.#sequence();
    if (!this.#take('|')) return first;
    const second = this.#either();
    const end = first.length + second.length + 2;
    return this.#bounded([
      { op: 'split', first: 1, second: first.length + 2 },
      ...moved(first, 1),
      { op: 'jump', to: end },
      ...moved(second, first.length + 2),
    ]);
  }

  #sequence(): Instruction[] {
    const program: Instruction[] = [];
    while (this.#at < this.#pattern.length && !'|)'.includes(this.#pattern[this.#at] as string)) {
      program.push(...moved(this.#repeated(), program.length));
    }
    return this.#bounded(program);
  }

  #repeated(): Instruction[] {
    const one = this.#single();
    const from = this.#at;
    const counts = /\{(\d+)(,(\d*))?\}/y;
    counts.lastIndex = from;
    const match = counts.exec(this.#pattern);
    let least = 1;
    let most = 1;
    if (this.#take('*')) [least, most] = [0, Number.POSITIVE_INFINITY];
    else if (this.#take('+')) most = Number.POSITIVE_INFINITY;
    else if (this.#take('?')) least = 0;
    else if (match) {
      this.#at += match[0].length;
      least = Number(match[1]);
      most = match[2] === undefined ? least : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]);
      if (least > most || least > 1000 || (most > 1000 && most !== Number.POSITIVE_INFINITY)) {
        throw new SyntaxProblem('expected at most 1000 repetitions', from);
      }
    } else return one;
    this.#take('?');
    return this.#times(one, least, most);
  }

  #times(one: readonly Instruction[], least: number, most: number): Instruction[] {
    const program: Instruction[] = [];
    for (let i = 0; i < least; i++) program.push(...moved(one, program.length));
    this.#bounded(program);
    if (most === Number.POSITIVE_INFINITY) {
      const start = program.length;
      program.push({ op: 'split', first: start + 1, second: start + one.length + 2 });
      program.push(...moved(one, start + 1), { op: 'jump', to: start });
      return program;
    }
    for (let i = least; i < most; i++) {
      const start = program.length;
      program.push({ op: 'split', first: start + 1, second: start + one.length + 1 }, ...moved(one, start + 1));
      this.#bounded(program);
    }
    return program;
  }

  #single(): Instruction[] {
    const from = this.#at;
    const char = this.#pattern[this.#at++] as string;
    switch (char) {
      case '^':
        return [{ op: 'start' }];
      case '$':
        return [{ op: 'end' }];
      case '.':
        return [{ op: 'char', matches: () => true }];
      case '[':
        return [{ op: 'char', matches: this.#set(from) }];
      case '(': {
        if (this.#pattern.startsWith('?:', this.#at)) this.#at += 2;
        else if (this.#pattern[this.#at] === '?')
          throw new SyntaxProblem('looking ahead or behind is not understood', from);
        const inner = this.#either();
        if (!this.#take(')')) throw new SyntaxProblem("'(' without ')'", from);
        return inner;
      }
      case '*':
      case '+':
      case '?':
        throw new SyntaxProblem(`nothing to repeat before '${char}'`, from);
      case '\\':
        return [{ op: 'char', matches: this.#escape() }];
      default:
        return [{ op: 'char', matches: is(char) }];
    }
  }

  #set(from: number): Matches {
    const negated = this.#take('^');
    const parts: Matches[] = [];
    while (parts.length === 0 || this.#pattern[this.#at] !== ']') {
      const char = this.#pattern[this.#at++];
      if (char === undefined) throw new SyntaxProblem("'[' without ']'", from);
      const to = this.#pattern[this.#at + 1];
      if (char === '\\') parts.push(this.#escape());
      else if (this.#pattern[this.#at] === '-' && to !== undefined && to !== ']') {
        this.#at += 2;
        const [low, high] = [char.charCodeAt(0), to.charCodeAt(0)];
        parts.push(code => code >= low && code <= high);
      } else parts.push(is(char));
    }
    this.#at++;
    return code => parts.some(matches => matches(code)) !== negated;
  }

  #escape(): Matches {
    const char = this.#pattern[this.#at++];
    if (char === undefined) throw this.#problem("nothing after '\\'");
    const known = classes[char.toLowerCase()];
    if (known) return char === char.toLowerCase() ? known : code => !known(code);
    if (/[a-z0-9]/i.test(char)) throw new SyntaxProblem(`\\${char} is not understood`, this.#at - 2);
    return is(char);
  }

  #take(char: string): boolean {
    if (this.#pattern[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #bounded(program: Instruction[]): Instruction[] {
    if (program.length > maxProgram) throw this.#problem('the pattern is too large');
    return program;
  }

  #problem(message: string): SyntaxProblem {
    return new SyntaxProblem(message, this.#at);
  }
}

function is(char: string): Matches {
  const wanted = char.charCodeAt(0);
  return code => code === wanted;
}

/** The same program, to stand at another place. */
function moved(program: readonly Instruction[], by: number): Instruction[] {
  return program.map(instruction => {
    if (instruction.op === 'jump') return { op: 'jump', to: instruction.to + by };
    if (instruction.op !== 'split') return instruction;
    return { op: 'split', first: instruction.first + by, second: instruction.second + by };
  });
}
