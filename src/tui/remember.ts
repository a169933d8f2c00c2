/** Keeping the last result of a pure function: views work out their lines several times with the same arguments. */

/** The function, which works only when its arguments are others than the last time. */
export function remembered<A extends readonly unknown[], R>(make: (...args: A) => R): (...args: A) => R {
  let last: { readonly args: A; readonly result: R } | undefined;
  return (...args) => {
    const same = last?.args.length === args.length && args.every((arg, i) => Object.is(arg, last?.args[i]));
    if (!last || !same) last = { args, result: make(...args) };
    return last.result;
  };
}
