/** What vhuscope did itself, on request: without it the rest of the story cannot be understood. */
import type { Diagnosis } from '../diagnosis.ts';

const done: { readonly [how: string]: string } = {
  edited: 'changed',
  dropped: 'kept back',
  injected: 'sent in a peer’s name',
};

/** Diagnoses about vhuscope's own doing. */
export const interventions: readonly Diagnosis[] = [
  {
    id: 'stepped-in',
    title: 'vhuscope stepped in',
    meaning:
      'a rule or a person changed what was said: each side is judged by what it said and what reached it, and what ' +
      'the peers did afterwards may follow from the change',
    remedy: 'none, where that was meant; else run it again without --rules and --hold',
    confirm:
      'read with the filter `altered or dropped or injected` shows every message that was not passed on as it came',
    tell: ({ interventions }) => {
      const [first] = interventions;
      if (!first) return undefined;
      const count = interventions.length;
      const many = count === 1 ? 'one message was' : `${count} messages were`;
      const kinds = [...new Set(interventions.map(({ how }) => done[how] ?? how))].join(' or ');
      return {
        what: `${many} ${kinds} on request, first record ${first.of} (${first.by})`,
        certainty: 'certain',
        records: interventions.map(({ of }) => of).slice(0, 10),
      };
    },
  },
];
