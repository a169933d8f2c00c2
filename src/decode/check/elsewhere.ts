/**
 * Demands of the specification that have no rule of their own: another rule covers them, usually one that is derived
 * from the declaration, or they cannot be judged from what crosses the socket. docs/rules.md prints this list. The ids
 * are taken, so that each demand can be named.
 */

/** A demand without a rule of its own. */
export interface Elsewhere {
  readonly id: string;
  /** What is demanded. */
  readonly demand: string;
  /** Rules that see to it. */
  readonly by?: readonly string[];
  /** Why there is no rule. */
  readonly why?: string;
}

const covered = (id: string, demand: string, ...by: string[]): Elsewhere => ({ id, demand, by });
const unseen = (id: string, demand: string, why: string): Elsewhere => ({ id, demand, why });

/** All of them. */
export const elsewhere: readonly Elsewhere[] = [
  covered('FRM-06', 'requests on the back-end channel are known', 'FRM-05'),
  covered('FRM-13', 'descriptors come only with messages that take some', 'FD-01'),
  covered('SIZ-02', 'u64 messages have 8 bytes', 'SIZ-01'),
  covered('SIZ-03', 'ring messages have 8 bytes', 'SIZ-01'),
  covered('SIZ-04', 'SET_VRING_ADDR has 40 bytes', 'SIZ-01'),
  covered('SIZ-05', 'a memory table has the size of its regions', 'SIZ-01'),
  covered('SIZ-06', 'ADD_MEM_REG and REM_MEM_REG have 40 bytes, 48 for Xen', 'SIZ-01'),
  covered('SIZ-07', 'SET_LOG_BASE has 16 bytes with LOG_SHMFD', 'SIZ-01', 'LOG-05'),
  covered('SIZ-08', 'IOTLB messages have 32 bytes', 'SIZ-01'),
  covered('SIZ-09', 'a configuration message has 12 bytes and as many as it says', 'SIZ-01'),
  covered('SIZ-10', 'inflight messages have 24 bytes', 'SIZ-01'),
  covered('SIZ-12', 'messages about shared objects have 16 bytes', 'SIZ-01'),
  covered('SIZ-13', 'device state has 8, a doorbell 24, a mapping 40 bytes', 'SIZ-01'),
  covered('SIZ-14', 'the shared memory configuration has 2056 bytes', 'SIZ-01'),
  covered('SIZ-15', 'an acknowledgement has 8 bytes', 'SIZ-01'),
  covered('FD-02', 'SET_LOG_BASE has a descriptor with LOG_SHMFD', 'FD-01'),
  covered('FD-03', 'kick, call and err have a descriptor unless bit 8 is set', 'FD-01'),
  covered('FD-04', 'REM_MEM_REG has at most one descriptor', 'FD-01'),
  covered('FD-05', 'the reply to POSTCOPY_ADVISE has one descriptor', 'FD-01'),
  covered('FD-06', 'the reply to GET_INFLIGHT_FD has a descriptor unless the region is empty', 'FD-01'),
  covered('FD-07', 'the reply to SET_DEVICE_STATE_FD has a descriptor as it says', 'FD-01', 'DST-04'),
  covered('FD-08', 'the reply to GET_SHARED_OBJECT has at most one descriptor', 'FD-01'),
  unseen(
    'FD-09',
    'a successful SHARED_OBJECT_LOOKUP is answered with a descriptor',
    'QEMU never sends it along; the rule would fire on every lookup and tell nobody anything new',
  ),
  covered('FD-12', 'a memory region lies inside its descriptor', 'MEM-05'),
  covered('RPL-05', 'a request with need_reply is answered', 'RPL-03'),
  covered('RPL-06', 'a request without need_reply is not acknowledged', 'RPL-02'),
  covered('RPL-08', 'a message with a reply of its own gets exactly one', 'RPL-02'),
  covered('RPL-09', 'SET_LOG_BASE with LOG_SHMFD is answered', 'RPL-03'),
  covered('RPL-10', 'replies have their declared size', 'SIZ-01'),
  covered('NEG-08', 'GET_VRING_BASE_INFLIGHT needs INFLIGHT_SHMFD', 'NEG-07'),
  covered('NEG-09', 'SKIP_DRAIN needs GET_VRING_BASE_INFLIGHT', 'NEG-07'),
  covered('NEG-10', 'HOST_NOTIFIER and SHMEM need the back-end channel and its descriptors', 'NEG-07'),
  unseen(
    'NEG-15',
    'without PROTOCOL_FEATURES rings begin enabled',
    'no peer can break this on the wire: it is what the session does, and rules see rings as enabled then',
  ),
  covered('NEG-21', 'a modern device acknowledges VERSION_1', 'DIA-03'),
  unseen(
    'NEG-23',
    'features of a device that need each other are acknowledged together',
    'front-ends handle some themselves: QEMU keeps CTRL_VQ of net, and acknowledges what depends on it without it',
  ),
  covered('GAT-05', 'SET_BACKEND_REQ_FD needs BACKEND_REQ', 'GAT-01'),
  covered('GAT-06', 'IOTLB messages need ACCESS_PLATFORM', 'GAT-01'),
  covered('GAT-08', 'configuration messages need CONFIG', 'GAT-01'),
  covered('GAT-09', 'crypto sessions need CRYPTO_SESSION', 'GAT-01'),
  covered('GAT-11', 'inflight messages need INFLIGHT_SHMFD', 'GAT-01'),
  covered('GAT-12', 'RESET_DEVICE needs RESET_DEVICE', 'GAT-01'),
  covered('GAT-13', 'kicks and calls as messages need INBAND_NOTIFICATIONS', 'GAT-01'),
  covered('GAT-15', 'status messages need STATUS', 'GAT-01'),
  covered('GAT-16', 'shared objects need SHARED_OBJECT', 'GAT-01'),
  covered('GAT-17', 'device state needs DEVICE_STATE', 'GAT-01'),
  covered('GAT-18', 'shared memory regions need SHMEM', 'GAT-01'),
  covered('GAT-19', 'GET_VRING_BASE_SKIP_DRAIN needs its protocol feature', 'GAT-01'),
  covered('GAT-20', 'doorbells need HOST_NOTIFIER', 'GAT-01'),
  unseen(
    'GAT-21',
    'the back-end sends requests only over the socket it was given',
    'the channel is that socket: nothing that comes over it can have come before it',
  ),
  covered('MEM-15', 'IOTLB entries lie inside memory regions', 'IOT-03'),
  covered('RNG-04', 'SET_VRING_ADDR has no flag but that of the log', 'SIZ-17'),
  covered('RNG-07', 'each part of a ring is as long as its size demands', 'RNG-06'),
  covered('RNG-17', 'SET_VRING_ENABLE needs PROTOCOL_FEATURES', 'GAT-01', 'GAT-02'),
  unseen('RNG-21', 'the kick is signalled where a ring has buffers', 'eventfds are signalled past the socket'),
  covered('DST-02', 'SET_DEVICE_STATE_FD has direction 0 or 1 and phase 0', 'SIZ-18'),
  covered('PCY-02', 'the reply to POSTCOPY_ADVISE is empty and has one descriptor', 'SIZ-01', 'FD-01'),
  covered('PCY-06', 'postcopy is not used with configurable memory slots', 'GAT-10'),
  covered('PCY-07', 'POSTCOPY_END is answered with a u64', 'SIZ-01', 'RPL-03'),
  unseen(
    'CFG-06',
    'the configuration has the length of the device',
    'layouts grow with the device, and the type of the device is never sent: a longer one is not wrong',
  ),
  unseen(
    'SHM-06',
    'mappings are gone after a reset of the device',
    'no peer can break this on the wire: the session forgets them, and mapping them again is legal',
  ),
  covered('CRY-03', 'the operation of a crypto session is known', 'SIZ-18'),
  unseen(
    'HST-02',
    'the front-end goes on after a failed acknowledgement',
    'closing is its right; the refusal is RPL-07, and the diagnoses tell who went first',
  ),
  covered('GPU-08', 'replies on the gpu channel have their declared size', 'SIZ-01'),
];
