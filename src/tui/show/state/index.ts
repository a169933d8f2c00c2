/** The sections of the state view, in their order. */
import { apart } from './apart.ts';
import { config } from './config.ts';
import { display } from './display.ts';
import { negotiated, protocol, virtio } from './features.ts';
import { mappings } from './mappings.ts';
import { memory } from './memory.ts';
import { migration } from './migration.ts';
import { rings } from './rings.ts';
import type { Section } from './section.ts';
import { waiting } from './waiting.ts';

/** Every section. */
export const sections: readonly Section[] = [
  waiting,
  apart,
  rings,
  memory,
  virtio,
  protocol,
  negotiated,
  config,
  migration,
  mappings,
  display,
];
