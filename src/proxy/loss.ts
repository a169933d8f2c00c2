/** Records are lost from now on, or there is room again and so many were. */
export type LossReport = { type: 'recording-behind' } | { type: 'recording-caught-up'; lost: number };

/**
 * Tells at once when records begin to be lost, and once it is over how many were. The recorder cannot tell: its disk
 * keeps it waiting.
 */
export class Loss {
  readonly #report: (report: LossReport) => void;
  /** Records lost since there was room. */
  #lost = 0;

  constructor(report: (report: LossReport) => void) {
    this.#report = report;
  }

  /** One more record is lost. */
  count(): void {
    if (this.#lost++ === 0) this.#report({ type: 'recording-behind' });
  }

  /** There is room. */
  end(): void {
    if (this.#lost === 0) return;
    this.#report({ type: 'recording-caught-up', lost: this.#lost });
    this.#lost = 0;
  }
}
