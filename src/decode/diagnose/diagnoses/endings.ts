/** Who went away, at which request, and whether its process lives. */
import type { Frame } from '../../frame.ts';
import type { Asked } from '../../session/connection.ts';
import { answerer, type Side } from '../../side.ts';
import type { Diagnosis, Story } from '../diagnosis.ts';

const nsPerMs = 1_000_000n;
/** A request that waits longer than this at the end of a recording hangs, in nanoseconds. */
const hanging = 5_000_000_000n;

/** The request to blame when a side goes away: the oldest it owed an answer, else the last it received. */
function blamed({ waiting, lastRequest, ending }: Story, side: Side): Asked | Story['lastRequest'] {
  return (
    waiting.find(asked => answerer(asked.message.channel) === side) ??
    (ending?.first === side ? lastRequest : undefined)
  );
}

/** How long before the end a request came; of one that was held, how long before it was passed on. */
function ago(story: Story, { wallNs, heldNs = 0n }: Frame): string {
  const end = story.ending?.frame.wallNs ?? story.lastNs;
  return `${(end - wallNs - heldNs) / nsPerMs} ms`;
}

/** The front-end leaving after it stopped the rings, or before it started any, is how connections end. */
function orderly({ ending, waiting, frontEndWaits, state }: Story): boolean {
  const running = [...state.vrings.byIndex.values()].some(ring => ring.running === 'started');
  return ending?.first === 'front-end' && waiting.length === 0 && !frontEndWaits && !running;
}

/** What is known to lie behind a refusal of a request; nothing where it was the side itself that asked. */
function reason({ state }: Story, side: Side, request: NonNullable<Story['lastRequest']>): string {
  if (answerer(request.message.channel) !== side) return '';
  const { index } = request.message.payload;
  const { queueNum } = state.negotiation;
  if (queueNum !== undefined && index !== undefined && Number(index) >= Number(queueNum)) {
    return `: it speaks of ring ${String(index)}, and the back-end has told of ${queueNum} queues`;
  }
  const usual = refusals[request.message.name];
  return usual === undefined ? '' : `: ${usual}`;
}

const refusals: { readonly [request: string]: string } = {
  GET_CONFIG:
    'often the front-end wants more queues than the back-end has, or the back-end serves another type of device',
  SET_VRING_ADDR: 'the addresses lie in no memory the back-end knows: is the RAM of the guest shared?',
  SET_VRING_KICK: 'the ring could not be started: are its addresses in shared memory?',
  SET_MEM_TABLE: 'the memory could not be mapped: look for mmap errors and limits in its log',
  ADD_MEM_REG: 'the memory could not be mapped: look for mmap errors and limits in its log',
  SET_FEATURES: 'a feature was acknowledged that the back-end does not support or did not offer',
  GET_INFLIGHT_FD: 'the back-end could not allocate the inflight region',
  IOTLB_MSG: 'the back-end has no IOMMU support: leave iommu_platform=on away or use another back-end',
};

/** Diagnoses about ends and silences. */
export const endings: readonly Diagnosis[] = [
  {
    id: 'back-end-absent',
    title: 'the back-end was not there',
    meaning: 'nobody listened on its socket, so that nobody could connect either: it was not started, or elsewhere',
    remedy: 'start the back-end first, or let the front-end try again (reconnect=1); compare the paths of the socket',
    confirm: 'ss -xl shows who listens; the recording has no connection',
    tell: ({ absentAt }) =>
      absentAt === undefined
        ? undefined
        : {
            what: 'nobody listened on the socket of the back-end, and no connection was made',
            side: 'back-end',
            certainty: 'certain',
            records: [absentAt],
          },
  },
  {
    id: 'peer-died',
    title: 'a peer died',
    meaning: 'its process ended in the middle of the session: a crash, an exit on an error, or somebody ended it',
    remedy: 'look into its log and for a core file (coredumpctl) at this time',
    confirm: 'the exit status of the process; the kernel log for a segmentation fault',
    explains: ['peer-closed', 'request-hangs'],
    tell: story => {
      const { ending, exits } = story;
      if (!ending || orderly(story) || ending.first === 'proxy' || ending.first === 'unknown') return undefined;
      const exit = exits.find(one => one.side === ending.first && one.state === 'exited');
      if (!exit) return undefined;
      const request = blamed(story, ending.first);
      const where = request ? ` ${ago(story, request.frame)} after ${label(request)}` : '';
      return {
        what: `the ${ending.first} is gone${where}, and its process has ended${request ? reason(story, ending.first, request) : ''}`,
        side: ending.first,
        certainty: 'certain',
        records: [ending.frame.n, ...(request ? [request.frame.n] : [])],
      };
    },
  },
  {
    id: 'peer-closed',
    title: 'a peer closed the connection',
    meaning: 'its process lives: it refused something, or it restarts its device',
    remedy: 'look into its log at this time; the request named here is the one it did not like',
    confirm: 'a message of the peer about this request',
    explains: ['request-hangs'],
    tell: story => {
      const { ending } = story;
      if (!ending || orderly(story) || ending.first === 'proxy' || ending.first === 'unknown') return undefined;
      const request = blamed(story, ending.first);
      const where = request ? ` ${ago(story, request.frame)} after ${label(request)}` : '';
      return {
        what: `the ${ending.first} closed the connection${where}${request ? reason(story, ending.first, request) : ''}`,
        side: ending.first,
        certainty: request ? 'likely' : 'possible',
        records: [ending.frame.n, ...(request ? [request.frame.n] : [])],
      };
    },
  },
  {
    id: 'request-hangs',
    title: 'a request hangs',
    meaning:
      'the side that was asked does not answer; QEMU waits with its global lock held, so the whole VM stands still',
    remedy: 'look at what the side that was asked is doing (a stack trace of its threads)',
    confirm: 'the request is still unanswered when the recording ends',
    tell: story => {
      const [oldest] = story.waiting;
      if (!oldest || story.ending || story.lastNs - oldest.frame.wallNs < hanging) return undefined;
      const side = answerer(oldest.message.channel);
      return {
        what: `${label(oldest)} has waited for the ${side} for ${ago(story, oldest.frame)}`,
        side,
        certainty: 'certain',
        records: [oldest.frame.n],
      };
    },
  },
];

function label(request: NonNullable<Story['lastRequest']>): string {
  return `${request.message.name}(${request.message.id})`;
}
