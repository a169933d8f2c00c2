/**
 * Messages that were never in the specification, or left it: private and pre-standard numbers seen in the wild. They
 * are candidates for a number besides the message of the specification; `meant` says when.
 */
import type { MessageSpec } from '../schema.ts';

/** Private requests of front-ends. */
export const privateFrontEnd: readonly MessageSpec[] = [];

/** Private requests of back-ends. */
export const privateBackEnd: readonly MessageSpec[] = [];
