/** How far a front-end has come when a probe begins or ends. */
import { expect, type Script, wait } from '../../script.ts';

/** Long enough for a front-end to do something about what it was told, ms. */
const settling = 300;

/** It has started a ring: whatever the back-end did before was no obstacle. */
export const starts: Script = [expect('SET_VRING_KICK'), wait(settling)];

/** Its device runs, and it has passed the socket of the back-end channel. */
export const running: Script = [expect('SET_BACKEND_REQ_FD'), expect('SET_VRING_KICK'), wait(settling)];

/** It is still there. */
export const stays: Script = [wait(settling)];
