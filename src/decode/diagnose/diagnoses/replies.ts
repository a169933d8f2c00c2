/** Answers that do not come, come late, or come to the wrong question. */
import { duration } from '../../text/remarks.ts';
import type { Diagnosis, Story } from '../diagnosis.ts';

/** A request that waits longer than this at the end of a recording hangs, in nanoseconds. */
const hanging = 5_000_000_000n;
/** An answer that takes this long is noticed by the guest, in nanoseconds. */
const slow = 5_000_000_000n;

/** The oldest request of these names that waits; for long, or when the connection ended. */
function hangs({ waiting, ending, lastNs }: Story, names: readonly string[]): Story['waiting'][number] | undefined {
  return waiting.find(
    ({ message, frame }) => names.includes(message.name) && (ending !== undefined || lastNs - frame.wallNs >= hanging),
  );
}

const waitedFor = ({ ending, lastNs }: Story, sinceNs: bigint): string =>
  duration(Number((ending?.frame.wallNs ?? lastNs) - sinceNs));

/** Diagnoses about answers. */
export const replies: readonly Diagnosis[] = [
  {
    id: 'ring-does-not-stop',
    title: 'the back-end does not stop a ring',
    meaning:
      'it waits for requests that are under way, or holds a lock its worker needs; QEMU cannot stop, migrate or reset the device',
    remedy: 'look at what its workers do (a stack trace of all threads), and at the storage or network behind them',
    confirm: 'GET_VRING_BASE has no answer; QEMU prints "ring restore failed" once the back-end is gone',
    explains: ['request-hangs'],
    tell: story => {
      const asked = hangs(story, ['GET_VRING_BASE', 'GET_VRING_BASE_SKIP_DRAIN']);
      // Where the back-end went away, that is why nobody answers.
      if (!asked || story.ending?.first === 'back-end') return undefined;
      return {
        what: `GET_VRING_BASE of ring ${String(asked.message.payload.index)} was not answered for ${waitedFor(story, asked.frame.wallNs)}`,
        side: 'back-end',
        certainty: 'certain',
        records: [asked.frame.n],
      };
    },
  },
  {
    id: 'log-reply-misread',
    title: 'the migration log is answered in another shape than expected',
    meaning:
      'SET_LOG_BASE is answered with nothing (DPDK), a u64 (libvhost-user) or the log itself (rust-vmm); a rust-vmm front-end waits for the last',
    remedy: 'use versions of both sides that agree on the shape',
    confirm: 'the front-end goes silent after the reply to SET_LOG_BASE',
    explains: ['request-hangs'],
    tell: ({ lastReply, lastRequest, peers, ending, lastNs }) => {
      const front = peers['front-end'].noted;
      if (front !== 'rust-vmm' && front !== 'cloud-hypervisor') return undefined;
      if (lastReply?.message.name !== 'SET_LOG_BASE' || lastReply.message.size === 16) return undefined;
      if ((lastRequest?.frame.n ?? 0) > lastReply.frame.n) return undefined;
      if (!ending && lastNs - lastReply.frame.wallNs < hanging) return undefined;
      return {
        what: `SET_LOG_BASE was answered with ${lastReply.message.size} bytes, and the front-end said nothing more`,
        side: 'front-end',
        certainty: 'likely',
        records: [lastReply.frame.n],
      };
    },
  },
  {
    id: 'replies-mixed-up',
    title: 'answers reach the wrong question',
    meaning: 'two threads of the front-end ask on one socket at once, or the back-end answers what nobody asked',
    remedy: 'upgrade QEMU where this happens in a postcopy migration or behind a vIOMMU; else look at the back-end',
    confirm: 'QEMU prints "Flags 0x… instead of 0x5" or "Received unexpected msg type"',
    explains: ['peer-closed', 'request-hangs'],
    tell: ({ findings }) => {
      const found = findings.find(one => ['RPL-01', 'RPL-02'].includes(one.rule) && one.severity === 'error');
      return found && { what: found.message, certainty: 'likely', records: found.records };
    },
  },
  {
    id: 'userfaultfd-denied',
    title: 'the back-end may not use userfaultfd',
    meaning: 'postcopy needs one from the back-end, and its kernel or its sandbox forbids it',
    remedy: 'set vm.unprivileged_userfaultfd=1, give it CAP_SYS_PTRACE, or allow the call in its seccomp filter',
    confirm: 'the answer to POSTCOPY_ADVISE carries no descriptor',
    explains: ['peer-closed'],
    tell: ({ lastReply, state }) => {
      if (state.migration.postcopy !== 'advised' || lastReply?.message.name !== 'POSTCOPY_ADVISE') return undefined;
      if (lastReply.frame.fds.length > 0 || lastReply.frame.ctrunc) return undefined;
      return {
        what: 'POSTCOPY_ADVISE was answered without a userfaultfd',
        side: 'back-end',
        certainty: 'certain',
        records: [lastReply.frame.n],
      };
    },
  },
  {
    id: 'answer-slow',
    title: 'the back-end takes long to answer',
    meaning: 'QEMU waits with its global lock held: for so long the whole guest stands still',
    remedy: 'look at what the back-end does at this request; other devices of the same process may keep it busy',
    confirm: 'the same request is slow again',
    tell: ({ slowest }) =>
      slowest && slowest.ns > slow && !/MEM_(TABLE|REG)$/.test(slowest.name)
        ? {
            what: `${slowest.name} was answered after ${duration(Number(slowest.ns))}`,
            side: 'back-end',
            certainty: 'certain',
            records: [slowest.n],
          }
        : undefined,
  },
];
