/**
 * Text from a capture, made safe to print. A process name or a path is written by whoever made the capture: it must
 * neither steer the terminal nor look like something it is not.
 */

/**
 * What must not reach a terminal as it is: control characters, formatting characters (direction of writing, joiners,
 * soft hyphen, tags), half surrogates, separators of lines, what is not assigned and what takes no place.
 */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Cn}\p{Default_Ignorable_Code_Point}]/gu;

/** The same text with unsafe characters written as escapes: `\x1b`, `\u202e`. */
export function plain(text: string): string {
  return text.replace(unsafe, escaped);
}

/** The text in double quotes, with backslashes and quotes escaped as well, so that it can be read back. */
export function quoted(text: string): string {
  return `"${plain(text.replace(/["\\]/g, '\\$&'))}"`;
}

/** Reads what is between the quotes of `quoted`. */
export function unquoted(inner: string): string {
  return inner.replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))/gs, (_, byte, unit, other) =>
    other !== undefined ? other : String.fromCharCode(Number.parseInt(byte ?? unit, 16)),
  );
}

function escaped(found: string): string {
  let result = '';
  for (let i = 0; i < found.length; i++) {
    const code = found.charCodeAt(i);
    result += code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  }
  return result;
}
