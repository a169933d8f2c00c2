/** Names by meaning: one wherever a field occurs, whatever message it stands in. Filters and dissectors use them. */
import type { Struct } from './schema.ts';

/** The name of a field or part by meaning, such as `vring.index` or `mem.guest_addr`. A name stays for ever. */
export function meaning(struct: Struct, field: { readonly name: string; readonly id?: string }): string {
  return field.id ?? `${struct.prefix}.${field.name}`;
}
