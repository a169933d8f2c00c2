/**
 * Numbers of the pcapng format (draft-ietf-opsawg-pcapng) that vhuscope writes or understands.
 *
 * ```
 *  0        4        8                 8 + body (padded to 4)      + 4
 *  +--------+--------+-----------------+----------------+----------+
 *  | type   | length | fixed fields    | options        | length   |
 *  +--------+--------+-----------------+----------------+----------+
 * ```
 * `length` counts the whole block and stands at both ends, so a file can be walked either way.
 */

/** Block types. A type not named here is kept as it is. */
export const blockType = {
  sectionHeader: 0x0a0d0d0a,
  interfaceDescription: 1,
  simplePacket: 3,
  interfaceStatistics: 5,
  enhancedPacket: 6,
} as const;

/** First field of a section header, read in the section's byte order. */
export const byteOrderMagic = 0x1a2b3c4d;

/** Link type "Wireshark upper PDU": the packet begins with tags that name its dissector. */
export const linkTypeUpperPdu = 252;

/** Bytes of a block without fixed fields and options: type and the two lengths. No block is shorter. */
export const blockOverhead = 12;

/** Bytes of an enhanced packet block before its packet data. */
export const packetHeadLength = 28;

/** The most bytes captured in one packet: Wireshark reads no further in a file that has a longer one. */
export const maxCapturedLength = 262_144;

/** Option codes, by the block they belong to; `endOfOptions` and `comment` are valid in every block. */
export const optionCode = {
  endOfOptions: 0,
  comment: 1,
  section: { hardware: 2, os: 3, userAppl: 4 },
  interface: { name: 2, description: 3, tsResol: 9, tsOffset: 14 },
  packet: { flags: 2, dropCount: 4, packetId: 5 },
  statistics: { startTime: 2, endTime: 3, received: 4, dropped: 5 },
} as const;

/** Directions as `epb_flags` has them: inbound is back-end to front-end, outbound front-end to back-end. */
export const packetFlag = { inbound: 1, outbound: 2 } as const;

/** One option as it stands in a block. Codes that are not understood are kept. */
export interface PcapngOption {
  code: number;
  value: Uint8Array;
}

/** A count of bytes rounded up to the next multiple of 4. */
export const padded = (length: number): number => (length + 3) & ~3;
