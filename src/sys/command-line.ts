/** Command lines of other processes, as data. */

/** Stands for a value that was not taken over. */
const masked = '***';

/** `password=…` and the like, as an option's field or a member of JSON. `password-secret` only names a secret. */
const secretFields =
  /((?:^-{0,2}|[,{\s"'])(?:password|passwd|passphrase|token|api[-_]?key)["']?\s*[=:]\s*["']?)((?:,,|[^,"'}])+)/gi;
const secretOption = /^--?(?:password|passwd|passphrase|token|api[-_]?key)$/i;
/** QEMU's -object secret, whose data is the secret itself. */
const secretObject = /^secret\b|"qom-type"\s*:\s*"secret"/;
const secretData = /((?:^|[,{\s"'])data["']?\s*[=:]\s*["']?)((?:,,|[^,"'}])+)/g;

/** The words of a NUL-separated command line. Control characters stay. */
export function parseCommandLine(bytes: Buffer): string[] {
  const text = bytes.toString('utf8');
  return (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0');
}

/**
 * The same words without the passwords that common options carry: a command line goes into captures, and captures go
 * to other people. What no option names as a secret cannot be known to be one.
 */
export function withoutSecrets(words: readonly string[]): string[] {
  return words.map((word, index) => {
    if (secretOption.test(words[index - 1] ?? '')) return masked;
    const mask = (whole: string, head: string, value: string) =>
      /^(on|off)$/.test(value) ? whole : `${head}${masked}`;
    const open = word.replace(secretFields, mask);
    return secretObject.test(word) ? open.replace(secretData, mask) : open;
  });
}
