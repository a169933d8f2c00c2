/** What becomes of a held message: released, stepped over, changed, dropped, answered, cut off. */
import type { Result } from '../../control/messages.ts';
import { UsageError } from '../usage.ts';
import { type CtlFlags, print, recordNumber, type Verb } from './verb.ts';

type Obeyed = Result<'step'>;

/** Says what became of orders; 1 where one of them came too late. */
function report(obeyed: readonly Obeyed[], flags: CtlFlags): number {
  print(obeyed, flags, all =>
    all.map(({ n, done, state }) => (done ? `${n} ${state}` : `${n} had gone on (${state})`)),
  );
  return obeyed.every(({ done }) => done) ? 0 : 1;
}

export const release: Verb = {
  usage: 'N|all',
  meaning: 'let a held message go on as it is, or all of them',
  examples: [{ line: 'vhuscope ctl release all', meaning: 'let everything go' }],
  async run(engine, [n], flags) {
    const params = n === 'all' ? {} : { n: recordNumber(n, 'ctl release') };
    return report((await engine.request('release', params)).released, flags);
  },
};

export const step: Verb = {
  usage: 'N',
  meaning: 'let a held message go and hold the next one of its connection, in either direction',
  examples: [],
  async run(engine, [n], flags) {
    return report([await engine.request('step', { n: recordNumber(n, 'ctl step') })], flags);
  },
};

export const prolong: Verb = {
  usage: 'N',
  meaning: 'have a held message wait as long again from now on',
  examples: [],
  async run(engine, [n], flags) {
    return report([await engine.request('prolong', { n: recordNumber(n, 'ctl prolong') })], flags);
  },
};

export const drop: Verb = {
  usage: 'N',
  meaning: 'keep a held message from the other side',
  examples: [],
  async run(engine, [n], flags) {
    return report([await engine.request('drop', { n: recordNumber(n, 'ctl drop') })], flags);
  },
};

export const close: Verb = {
  usage: 'N',
  meaning: 'close the connection of a held message, which is not sent',
  examples: [],
  async run(engine, [n], flags) {
    return report([await engine.request('close', { n: recordNumber(n, 'ctl close') })], flags);
  },
};

export const answer: Verb = {
  usage: 'N ok|error|empty|NUMBER|LINE',
  meaning: 'answer a held message in the name of the side it was meant for, which does not get it',
  examples: [{ line: 'vhuscope ctl answer 41 error', meaning: 'acknowledge with an error' }],
  async run(engine, [n, ...words], flags) {
    if (words.length === 0) throw new UsageError('ctl answer: expected ok, error, empty, a number or a line');
    const params = { n: recordNumber(n, 'ctl answer'), with: words.join(' ') };
    return report([await engine.request('answer', params)], flags);
  },
};
