/** Fields of every message that are not payload: the header, and what the dissector says about the message. */
import type { Channel } from '../../../decode/frame.ts';
import type { MessageSpec } from '../../../decode/message-spec.ts';
import type { FilterField } from './filter-field.ts';

/** The message number. Front-end and back-end number their requests apart, so that these are two fields. */
export function requestField(channel: Channel, specs: readonly MessageSpec[]): FilterField {
  const values = new Map<number, string>();
  for (const spec of specs) if (spec.meant === undefined) values.set(spec.id, spec.name);
  const doc = `Number of a message on the ${channel} channel`;
  return { id: requestFieldId(channel), type: 'uint', bits: 32, values, label: 'request', doc };
}

/** Name of the message number on a channel. */
function requestFieldId(channel: Channel): string {
  return channel === 'backend-req' ? 'backend_request' : 'request';
}

/** The other fields of a message. */
export function headerFields(dissector: 'vhost_user' | 'vhost_user_gpu'): FilterField[] {
  const version: FilterField[] = [
    { id: 'flags.version', type: 'uint', bits: 32, mask: 0x3, label: 'version', doc: 'Protocol version, 1' },
    { id: 'flags.reply', type: 'bool', bits: 32, mask: 0x4, label: 'reply', doc: 'This answers a request' },
    { id: 'flags.need_reply', type: 'bool', bits: 32, mask: 0x8, label: 'need_reply', doc: 'Asks for an answer' },
    { id: 'flags.reserved', type: 'uint', bits: 32, hex: true, mask: 0xfffffff0, label: 'reserved' },
  ];
  const candidate: FilterField = {
    ...{ id: 'candidate', type: 'text', label: 'candidate' },
    doc: 'What an unknown number may stand for, and whose message that is',
  };
  return [
    { id: 'message', type: 'text', label: 'message', doc: 'Name of the message' },
    ...(dissector === 'vhost_user' ? [candidate] : []),
    { id: 'flags', type: 'uint', bits: 32, hex: true, label: 'flags', doc: 'Second word of the header' },
    ...(dissector === 'vhost_user' ? version : version.filter(({ id }) => id === 'flags.reply')),
    { id: 'size', type: 'uint', bits: 32, label: 'size', doc: 'Payload bytes, as the header says' },
    { id: 'response_in', type: 'frame', frame: 'RESPONSE', label: 'response in', doc: 'The packet with the answer' },
    { id: 'response_to', type: 'frame', frame: 'REQUEST', label: 'response to', doc: 'The packet with the request' },
    {
      id: 'response_time',
      type: 'time',
      label: 'response time',
      doc: 'From the request sent on to the answer received',
    },
    {
      id: 'assumed',
      type: 'bool',
      label: 'assumed',
      doc: 'The negotiated features are not known; a layout was assumed',
    },
    { id: 'rest', type: 'bytes', label: 'rest', doc: 'Bytes that belong to no field' },
  ];
}
