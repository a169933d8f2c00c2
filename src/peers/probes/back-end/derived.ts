/** Probes that follow from the declaration: messages without their feature, payloads of the wrong size. */
import { holds } from '../../../decode/condition.ts';
import type { Payload } from '../../../decode/decode.ts';
import type { MessageSpec } from '../../../decode/message-spec.ts';
import { frontEnd } from '../../../decode/spec/front-end.ts';
import { attemptAcknowledged, type Probe } from '../../probe.ts';
import type { Script, SendOptions } from '../../script.ts';
import { agreed, bare, guestMemory, negotiated, running, sharing } from './stages.ts';

const kebab = (name: string) => name.toLowerCase().replaceAll('_', '-');

/** Messages that need a protocol feature which the `bare` stage has not negotiated. */
function isUngated({ requires }: MessageSpec): boolean {
  const context = { protocolFeatures: 8n, features: 1n << 30n };
  return (
    requires !== undefined &&
    requires[0] === 'protocol' &&
    !holds(requires, { context, size: 0, fdCount: 0, first: 0, assumed: false })
  );
}

/** What makes some of these messages plausible but for the feature, and what they break besides. */
const particulars: { readonly [message: string]: { payload?: Payload; options?: SendOptions; breaks?: string[] } } = {
  NET_SET_MTU: { payload: { mtu: 1500 } },
  CREATE_CRYPTO_SESSION: { payload: { op_code: 2 } },
  SET_CONFIG: { payload: { offset: 0, config: Uint8Array.of(0) } },
  POSTCOPY_LISTEN: { breaks: ['PCY-01'] },
  POSTCOPY_END: { breaks: ['PCY-01'] },
  SET_INFLIGHT_FD: { options: { fds: [guestMemory] } },
  REM_MEM_REG: { breaks: ['MEM-09'] },
  CHECK_DEVICE_STATE: { breaks: ['DST-03'] },
  GET_VRING_BASE_SKIP_DRAIN: { breaks: ['RNG-12'] },
};

/** A message although its feature was not acknowledged; a back-end may know it all the same. */
const ungated: readonly Probe[] = frontEnd.filter(isUngated).map(({ name, spec }) => {
  const { payload, options, breaks = [] } = particulars[name] ?? {};
  return {
    id: `ungated-${kebab(name)}`,
    title: `${name} although its protocol feature was not acknowledged`,
    ...{ spec, nature: 'wrong', breaks: ['GAT-01', ...breaks], before: bare },
    sends: [attemptAcknowledged(name, payload, options)],
  };
});

/** Payloads of another size than declared: messages that every back-end knows, bytes too few, bytes too many. */
const sizes: readonly (readonly [message: string, before: Script, short: number | undefined, long: number])[] = [
  ['GET_FEATURES', negotiated, undefined, 8],
  ['SET_FEATURES', negotiated, 4, 16],
  ['SET_OWNER', agreed, undefined, 8],
  ['SET_VRING_NUM', negotiated, 4, 12],
  ['SET_VRING_ADDR', sharing, 36, 44],
  ['SET_VRING_BASE', negotiated, 4, 12],
  ['GET_VRING_BASE', running, 4, 12],
  ['SET_VRING_CALL', negotiated, 4, 16],
];

const sized = (message: string, before: Script, length: number | undefined, how: 'short' | 'long'): Probe[] =>
  length === undefined
    ? []
    : [
        {
          id: `${how}-${kebab(message)}`,
          title: `${message} with a payload of ${length} bytes, too ${how}`,
          ...{ spec: 'Message payload', nature: 'wrong', breaks: ['SIZ-01'], before },
          sends: [attemptAcknowledged(message, {}, { length })],
        },
      ];

/** Probes made from the declaration. */
export const derived: readonly Probe[] = [
  ...ungated,
  ...sizes.flatMap(([message, before, short, long]) => [
    ...sized(message, before, short, 'short'),
    ...sized(message, before, long, 'long'),
  ]),
];
