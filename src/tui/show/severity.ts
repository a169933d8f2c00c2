/** How severe something is, as a colour and as a letter. */
import type { Severity } from '../../decode/check/rule.ts';
import type { Style } from '../frame.ts';

/** The colour of each. */
export const severityStyles: { readonly [severity in Severity]: Style } = {
  error: 'bad',
  warning: 'warn',
  note: 'event',
};

/** One letter for each, so that it is not told by colour alone. */
export const severityLetters: { readonly [severity in Severity]: string } = { error: 'E', warning: 'W', note: 'n' };
