/** Names of the files one recording is spread over: `vm.pcapng`, `vm.00002.pcapng`, `vm.00003.pcapng`, … */

const numbered = /\.(\d{5,})$/;

/** A path's stem and extension; the extension is what stands behind the last dot of the file's name. */
function split(path: string): [stem: string, extension: string] {
  const slash = path.lastIndexOf('/');
  const dot = path.lastIndexOf('.');
  return dot > slash + 1 ? [path.slice(0, dot), path.slice(dot)] : [path, ''];
}

/** The path of the recording's file number `number`; file 1 has the name the user gave. */
export function rotatedPath(path: string, number: number): string {
  if (number === 1) return path;
  const [stem, extension] = split(path);
  return `${stem}.${String(number).padStart(5, '0')}${extension}`;
}

/** The path of the file that follows, whether the given one is the first or a later one. */
export function nextPath(path: string): string {
  const [stem, extension] = split(path);
  const number = numbered.exec(stem);
  if (number === null) return rotatedPath(path, 2);
  return rotatedPath(`${stem.slice(0, number.index)}${extension}`, Number(number[1]) + 1);
}
