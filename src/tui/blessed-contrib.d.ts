/** The widgets that are used have no types of their own; those of the whole package do not compile. */
declare module 'blessed-contrib/lib/widget/charts/line.js' {
  const make: unknown;
  export default make;
}
declare module 'blessed-contrib/lib/widget/charts/bar.js' {
  const make: unknown;
  export default make;
}
