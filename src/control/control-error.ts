/** Something about a control socket that a person must hear: no such engine, a name that is taken, a refused request. */
export class ControlError extends Error {
  override name = 'ControlError';
}
