/** How the end of one side is copied to the other, and how well that can be done. Pure. */

/**
 * `eof`: closed after reading everything. `reset`: closed with bytes unread. `shutdown`: one direction is over.
 * `epipe`: it takes no more bytes.
 */
export type EndKind = 'eof' | 'reset' | 'shutdown' | 'epipe';

/** What is known when one side has gone for good. */
export interface Ending {
  how: EndKind;
  /** Bytes from the survivor that we had taken in but could not deliver. */
  held: number;
  /** Bytes from the survivor that still lie unread in our socket. */
  unread: number;
  /**
   * Both sides have only shut down, and one of them has not read everything yet. If it closes like that the other
   * gets a reset, but nothing tells us of a close behind a shutdown.
   */
  unseen: boolean;
}

/**
 * Whether the survivor sees exactly what it would have seen without a relay. The kernel reports a reset to the one
 * whose bytes were left unread, so closing our socket with bytes unread makes one; it cannot be made without.
 */
export function delivered(ending: Ending): 'exact' | 'softened' {
  if (ending.unseen) return 'softened';
  const resetExpected = ending.how === 'reset' || ending.held + ending.unread > 0;
  return resetExpected && ending.unread === 0 ? 'softened' : 'exact';
}
