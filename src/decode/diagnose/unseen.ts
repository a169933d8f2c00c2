/**
 * What users suffered from and no diagnosis tells, because it leaves nothing on the socket that another cause would not
 * leave as well. docs/diagnoses.md prints this list, so that nobody looks for it here.
 */

/** A trouble that cannot be told from the messages. */
export interface Unseen {
  readonly trouble: string;
  /** Why not, and where to look instead. */
  readonly why: string;
}

/** All of them. */
export const unseen: readonly Unseen[] = [
  {
    trouble: 'kicks or calls that get lost, or come before a ring is enabled',
    why: 'eventfds are signalled past the socket; compare the indices in the ring with what the guest waits for',
  },
  {
    trouble: 'descriptors that a peer leaks or closes twice',
    why: 'what a process does with a descriptor it has is not sent; look at /proc/PID/fd as it grows',
  },
  {
    trouble: 'memory that was plugged in and that the guest does not use',
    why: 'the front-end tells the back-end of it in any case; the guest has yet to bring it online',
  },
  {
    trouble: 'ring or buffer addresses that a back-end translates wrongly, also behind an IOMMU',
    why: 'the addresses and the entries of the IOTLB are right on the wire; only the back-end knows what it made of them',
  },
  {
    trouble: 'a back-end that goes on with stale positions after the guest was reset',
    why: 'the positions it is told are right; those it uses lie in the rings. What it answers to GET_VRING_BASE is checked',
  },
  {
    trouble: 'two front-ends that want one back-end',
    why: 'the second one is connected and says nothing; the capture has the event `queued`',
  },
  {
    trouble: 'a security module that forbids the socket itself',
    why: 'nothing arrives: it looks like a back-end that is not there; the audit log names the denial',
  },
  {
    trouble: 'a back-end that goes through its start several times for one start of the guest',
    why: 'it is answered as it should be; only its log tells',
  },
];
