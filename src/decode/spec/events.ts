/**
 * What vhuscope tells beside the messages, and the sentence for each. The keys of events are in docs/capture-format.md;
 * how a sentence is declared, in `phrase.ts`. A sentence names what matters at a glance; `read -v` and `--json` have
 * everything.
 */
import type { Phrase } from '../phrase.ts';

/** How one side is reached. */
const reached = (side: 'front' | 'back'): Phrase => ({
  of: `${side}_end.role`,
  are: {
    listen: `, listens for the ${side}-end at {${side}_end.address}`,
    connect: `, connects to the ${side}-end at {${side}_end.address}`,
  },
  otherwise: `, ${side}-end {${side}_end.role} {${side}_end.address}`,
});

/** Who made the socket of one side. */
const peer = (side: 'front' | 'back'): string =>
  `${side}-end {${side}_end.comm/'unknown'}[ (pid {${side}_end.pid}[, uid {${side}_end.uid}])]`;

const connection: Phrase = ['the ', { of: 'channel', are: { main: '' }, otherwise: '{channel} ' }, 'connection'];

const ended: Phrase = [connection, ' was closed ({how})'];

/** A connection was ended by the one who is known to have done it first. */
const endedBy = (deed: Phrase): Phrase => ({
  of: 'first',
  are: { unknown: ended },
  otherwise: ['the {first} ', deed],
  absent: ended,
});

const absent: Phrase = 'the back-end is not there{*}';

/** Every event by its name. */
export const events: { readonly [event: string]: Phrase } = {
  started: ['recording of {pair} started[ by {engine}]', reached('front'), reached('back')],
  stopped: 'recording stopped',
  connected: [
    'connected[, session {@session}.{@epoch}]',
    { of: 'front_end', otherwise: `: ${peer('front')}` },
    {
      of: 'back_end',
      otherwise: [{ of: 'front_end', otherwise: ', ', absent: ': ' }, peer('back')],
    },
  ],
  peer: "the {side} is {executable/comm/'unknown'}[ {version}][, pid {pid}]",
  device: [
    'the device ',
    { of: 'taken', are: { false: 'may be' }, otherwise: 'is', absent: 'is' },
    ' {name}[: {reason}]',
  ],
  closed: [
    {
      of: 'how',
      are: {
        eof: endedBy(['closed ', connection]),
        reset: endedBy(['closed ', connection, ' with bytes unread']),
        shutdown: endedBy(['shut its side of ', connection, ' down']),
        epipe: endedBy(['was gone when a message was sent on ', connection]),
      },
      otherwise: ended,
      absent: ended,
    },
    { of: 'undelivered_bytes', are: { 0: '' }, otherwise: ', {undelivered_bytes} bytes were not delivered' },
    { of: 'delivered', are: { softened: ', the other side sees a plain end instead' } },
    { of: 'spoke', are: { false: ', without a message' } },
  ],
  unheard: '{bytes} bytes that the {side} sent after the other side had closed reached nobody',
  'peer-exit': [
    'the {side}[ (pid {pid})] ',
    {
      of: 'state',
      are: { exited: 'exited[ {after_ms} ms after]' },
      otherwise: 'is still alive',
      absent: 'is still alive',
    },
  ],
  'front-end-exit': 'the front-end that was started[ (pid {pid})] ended with status {status}',
  interposed: 'relaying the {channel} channel as well',
  'not-interposed': 'not relaying the {channel} channel: {why}',
  raw: 'bytes are passed on without being framed from here on ({reason})',
  fdinfo: 'about the descriptors of message {of}{*}',
  lost: [
    { of: 'count', are: { 1: '1 message is' }, otherwise: '{count} messages are' },
    ' missing here: the recorder could not keep up',
  ],
  imported: [
    'imported from {format}[, which does not tell {lacks|; }]',
    { of: 'complaints', are: { 0: '' }, otherwise: '; lines that were not understood: {complaints}' },
  ],
  note: 'note[ on {of}][ by {author}]: {text}',
  queued: 'connected, but no byte yet: the peer may be serving another connection',
  'back-end-absent': { of: 'gone', are: { true: 'the back-end listens no more' }, otherwise: absent, absent },
  'front-end-absent': 'the front-end is not there{*}',
  'recording-failed': 'the recording stands still: {message}',
  'recording-recovered': 'the recording goes on',
  held: 'held as {@n} ({rule}): {line}[, for at most {deadline_ms} ms]',
  released: '{hold} goes on after {held_ms} ms ({how}[ by {by}])',
  edited: '{of} was changed[: {did|, }][ by {by}]',
  dropped: '{of} was not sent on[: {did|, }][ by {by}]',
  tampered: '{of} went on[: {did|, }][ by {by}]',
  injected: '{of} is ours ({why})[ by {by}]',
  breakpoint: '{by} set breakpoint {name}: {filter}',
  unhold: '{by} took breakpoint {name} away',
  switched: ['{by} switched {name} ', { of: 'on', are: { true: 'on' }, otherwise: 'off', absent: 'off' }],
  rules: 'rules in force: {rules|#}, from {from}',
  'stop-asked': '{by} asked for the end',
  rotated: '{by} asked for a new file; what was before is in {from}',
};

/** What is said of an event that is not declared. */
export const otherEvent: Phrase = "{event/'unknown'}{*}";

/** What is said of a finding that a capture holds. */
export const findingSentence: Phrase = "{severity/'finding'}: {message} \\[{rule}\\][ (records {records|, })]";
