/** docs/diagnoses.md: every diagnosis as it stands in the list. */
import { diagnoses } from '../../decode/diagnose/diagnoses/index.ts';
import { unseen } from '../../decode/diagnose/unseen.ts';

/** The text of docs/diagnoses.md. */
export function diagnosesDoc(): string {
  const entries = diagnoses.map(({ id, title, meaning, remedy, confirm }) =>
    [
      `## ${title} (\`${id}\`)`,
      '',
      `It means: ${meaning}.`,
      '',
      `What to do: ${remedy}.`,
      '',
      `What confirms it: ${confirm}.`,
    ].join('\n'),
  );
  return `<!-- generated: npm run generate -->
# Diagnoses

Rules judge single messages ([rules.md](rules.md)); a diagnosis judges the story of a connection from its first message to
its end: which request was outstanding, who went first, whether the process died or lives. \`vhuscope check\` tells them
with the records that show them, and how sure each is (certain, likely, possible).

${entries.join('\n\n')}

## What cannot be told from the messages

${unseen.map(({ trouble, why }) => `- ${trouble}: ${why}`).join('\n')}
`;
}
