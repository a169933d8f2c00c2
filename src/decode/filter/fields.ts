/** Finds the field a filter names. */
import { payloadFields } from './payload-fields.ts';
import { recordFields } from './record-fields.ts';
import type { Selector } from './selector.ts';

const byName = new Map(recordFields.map(field => [field.name, field]));

/**
 * The field of that name: a key of the record, else a field by meaning or by its path in the payload. Indices of lists
 * are passed over, any entry counts.
 */
export function fieldNamed(name: string): Selector | undefined {
  const plain = name.replace(/\[\d*\]/g, '').replace(/^vhost_user(?:_gpu)?\./, '');
  return byName.get(plain) ?? payloadFields().get(plain);
}

/** The names of all fields, those of the record first. */
export function fieldNames(): string[] {
  return [...byName.keys(), ...payloadFields().keys()];
}
