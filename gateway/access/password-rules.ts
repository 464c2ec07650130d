import { PortcullisError } from '../../contracts/errors.ts';

/** What guessers try first, as far as it is long enough to be taken at all. */
const wellKnown = new Set([
  '1234567890',
  '0123456789',
  '0987654321',
  '12345678910',
  'qwertyuiop',
  '1q2w3e4r5t',
  'password12',
  'password123',
  'password1234',
  'passwort123',
  'letmein123',
  'raspberrypi',
  'raspberry123',
  'portcullis',
  'administrator',
  'changeme123',
  'iloveyou123',
  'welcome123',
]);

/** Length counts, not kinds of characters (NIST SP 800-63B); throws COMMAND_INVALID for what guessers try first. */
export function mustBeFit(password: string, name: string): void {
  const plain = password.toLowerCase();
  const because =
    new Set(plain).size < 4
      ? 'is made of too few different characters'
      : wellKnown.has(plain)
        ? 'is among the first that guessers try'
        : name.length > 2 && plain.replaceAll(name.toLowerCase(), '').length < 6
          ? 'is little more than the name'
          : undefined;
  if (because !== undefined) {
    throw new PortcullisError(
      'COMMAND_INVALID',
      `The password ${because}. Take a few words that do not belong together.`,
    );
  }
}
