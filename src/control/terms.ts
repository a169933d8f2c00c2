/** The words of the protocol, as requests and answers of the control socket carry them. */
import { z } from 'zod';

/** A socket of a session. */
export const channel = z.enum(['main', 'backend-req', 'gpu']);

/** Which way a message goes. */
export const direction = z.enum(['front-to-back', 'back-to-front']);

/** One of the two peers. */
export const side = z.enum(['front-end', 'back-end']);

/** The number of a record, as in the capture. */
export const recordNumber = z.int().positive();
