/** Of blessed only the screen is loaded: all of its widgets together take twice as long. */
declare module 'blessed/lib/widgets/screen.js' {
  import type { Widgets } from 'blessed';

  const Screen: typeof Widgets.Screen;
  export default Screen;
}
/** The widgets that are used have no types of their own; those of the whole package do not compile. */
declare module 'blessed-contrib/lib/widget/charts/line.js' {
  const make: unknown;
  export default make;
}
declare module 'blessed-contrib/lib/widget/charts/bar.js' {
  const make: unknown;
  export default make;
}
