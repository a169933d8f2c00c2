import { UsageError } from '../usage.ts';
import { recordNumber, type Verb } from './verb.ts';

export const note: Verb = {
  usage: '[N:] TEXT…',
  meaning: 'write words into the capture, about record N where one is named',
  examples: [{ line: 'vhuscope ctl note 42: here the guest hangs', meaning: 'remark upon record 42' }],
  async run(engine, args) {
    const [, n, text] = /^(?:(\d+):\s*)?(.*)$/s.exec(args.join(' ')) ?? [];
    if (!text) throw new UsageError('ctl note: expected the words to write down');
    await engine.request('note', { text, ...(n !== undefined && { of: recordNumber(n, 'ctl note') }) });
    return 0;
  },
};
