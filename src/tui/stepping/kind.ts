/** A filter for messages like one in the list. */
import { messageNamed } from '../../decode/catalog.ts';
import type { ListedRow } from '../../trace/questions.ts';

/** Matches messages of the same name that go the same way: requests, or replies. Undefined for what is no message. */
export function kindFilter({ kind, channel, name, reply }: ListedRow): string | undefined {
  if (kind !== 'message') return undefined;
  const named = messageNamed(channel, name) ? name : `name == "${name.replace(/["\\]/g, '\\$&')}"`;
  return `${named} and ${reply ? 'reply' : 'request'}${channel === 'main' ? '' : ` and ${channel}`}`;
}
