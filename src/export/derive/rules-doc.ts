/** docs/rules.md: every rule as it stands in the list. */

import { type Elsewhere, elsewhere } from '../../decode/check/elsewhere.ts';
import type { Rule } from '../../decode/check/rule.ts';
import { rules } from '../../decode/check/rules/index.ts';

const areas: { readonly [prefix: string]: string } = {
  FRM: 'Framing and delivery',
  SIZ: 'Payload sizes',
  FD: 'Descriptors',
  RPL: 'Answers',
  NEG: 'Negotiation',
  EPO: 'Reconnections',
  GAT: 'Messages that need a feature',
  MEM: 'Guest memory',
  RNG: 'Rings',
  HST: 'Order between the channels',
  CFG: 'Configuration space',
  STA: 'Device status',
  MTU: 'MTU',
  CRY: 'Crypto sessions',
  LOG: 'Dirty log',
  INF: 'Inflight region',
  DST: 'Device state',
  PCY: 'Postcopy',
  IOT: 'IOTLB',
  HNO: 'Doorbells',
  SHM: 'VIRTIO shared memory',
  SHO: 'Shared objects',
  GPU: 'vhost-user-gpu',
  DIA: 'Where implementations disagree',
};

const areaOf = ({ id }: Rule) => id.slice(0, id.indexOf('-'));

function entry(rule: Rule): string {
  const lines = [
    `### ${rule.id} ${rule.name}`,
    '',
    `**${rule.severity}** · ${rule.spec} · ${rule.confidence}`,
    '',
    `Fires when ${rule.condition}.`,
    '',
    `*Remedy:* ${rule.remedy}.`,
    ...(rule.offenders ? ['', `*Known to do it:* ${rule.offenders}.`] : []),
    ...(rule.supersedes?.length ? ['', `Where it fires, ${rule.supersedes.join(' and ')} stay silent.`] : []),
  ];
  return lines.join('\n');
}

function without({ id, demand, by, why }: Elsewhere): string {
  return `| ${id} | ${demand} | ${why ?? by?.join(', ')} |`;
}

/** The text of docs/rules.md. */
export function rulesDoc(): string {
  const sections = Object.entries(areas).flatMap(([prefix, title]) => {
    const own = rules.filter(rule => areaOf(rule) === prefix);
    return own.length === 0 ? [] : [`## ${title}\n\n${own.map(entry).join('\n\n')}`];
  });
  return `<!-- generated: npm run generate -->
# Rules

\`vhuscope check\` holds a capture against these ${rules.length} rules. An *error* violates a must of the specification or breaks
peers, a *warning* a should, or breaks some peers, a *note* is legal but notable. The confidence says where a rule comes
from: the text (*spec*), what implementations were seen to do (*observed*), or a conclusion from their sources
(*inferred*). Ids are never used again for something else. What real peers do where a rule is broken, tried out,
is in [implementations.md](implementations.md).

${sections.join('\n\n')}

## Without a rule of their own

Demands that another rule covers, most often one that is derived from what each message declares, and those that cannot
be judged from what crosses the socket.

| id | what is demanded | covered by, or why not |
|---|---|---|
${elsewhere.map(without).join('\n')}
`;
}
