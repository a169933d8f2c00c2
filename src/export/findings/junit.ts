/** Findings as a JUnit report: a suite for each capture, a test case for each rule that could fire. */
import { grouped } from '../../decode/check/groups.ts';
import { rules } from '../../decode/check/rules/index.ts';
import { plain } from '../../decode/plain.ts';
import { type FindingsFormat, recordList } from './report.ts';

const entities: { readonly [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text for XML. What it cannot hold is written as escapes, as it would be on a terminal. */
function xml(text: string): string {
  return plain(text).replace(/[&<>"]/g, found => entities[found] as string);
}

/** One report for all captures; notes are no failures. */
export const junit: FindingsFormat = {
  name: 'junit',
  meaning: 'print a JUnit report',
  print(results) {
    const suites = results.map(({ file, findings }) => {
      const groups = grouped(findings);
      const cases = rules.map(rule => {
        const failures = groups.filter(({ finding }) => finding.rule === rule.id && finding.severity !== 'note');
        const open = `    <testcase classname="${xml(file)}" name="${rule.id} ${rule.name}"`;
        if (failures.length === 0) return `${open}/>`;
        const told = failures.map(
          ({ finding, records }) =>
            `      <failure type="${finding.severity}" message="${xml(finding.message)}">${xml(`${recordList(records)}; ${finding.remedy}`)}</failure>`,
        );
        return [`${open}>`, ...told, '    </testcase>'].join('\n');
      });
      const failed = new Set(groups.filter(one => one.finding.severity !== 'note').map(one => one.finding.rule)).size;
      const head = `  <testsuite name="${xml(file)}" tests="${rules.length}" failures="${failed}">`;
      return [head, ...cases, '  </testsuite>'].join('\n');
    });
    return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('\n')}\n</testsuites>\n`;
  },
};
