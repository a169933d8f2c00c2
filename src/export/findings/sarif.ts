/** Findings as SARIF 2.1.0, which code hosts show beside the files. */
import { rules } from '../../decode/check/rules/index.ts';
import type { FindingsFormat } from './report.ts';

/** One run for all captures. */
export const sarif: FindingsFormat = {
  name: 'sarif',
  meaning: 'print SARIF 2.1.0',
  print(results) {
    const ruleIndex = new Map(rules.map((rule, index) => [rule.id, index]));
    const run = {
      tool: {
        driver: {
          name: 'vhuscope',
          rules: rules.map(rule => ({
            id: rule.id,
            name: rule.name,
            shortDescription: { text: rule.condition },
            help: { text: rule.remedy },
            defaultConfiguration: { level: rule.severity },
            properties: { specification: rule.spec, confidence: rule.confidence },
          })),
        },
      },
      results: results.flatMap(({ file, findings }) =>
        findings.map(finding => ({
          ruleId: finding.rule,
          ruleIndex: ruleIndex.get(finding.rule),
          level: finding.severity,
          message: { text: `${finding.side ?? 'vhuscope'}: ${finding.message}` },
          locations: [
            {
              physicalLocation: { artifactLocation: { uri: encodeURI(file) } },
              logicalLocations: finding.records.map(n => ({ name: `record ${n}`, kind: 'message' })),
            },
          ],
        })),
      ),
    };
    const log = { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] };
    return `${JSON.stringify(log, null, 2)}\n`;
  },
};
