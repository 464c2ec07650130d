import { useState } from 'preact/hooks';
import { QrCode } from '../parts/qr.tsx';
import { families, qrText, type Login } from './settings.ts';

/** What to enter in the device; the password is shown this once. */
export function LoginCard({ login, profile }: { login: Login; profile: string }) {
  const [isCopied, copied] = useState(false);
  const family = families.find((one) => one.profile === profile) ?? families.at(-1);
  if (family === undefined) return null;
  const text = family.settings(login);
  const copy = async (): Promise<void> => {
    // Without a certificate browsers give a page no clipboard.
    await navigator.clipboard?.writeText(text).then(
      () => copied(true),
      () => undefined,
    );
  };
  return (
    <div class="stack">
      <p>{family.where}</p>
      <pre>{text}</pre>
      {isSecureContext && (
        <p class="row">
          <button type="button" onClick={() => void copy()}>
            {isCopied ? 'Copied' : 'Copy'}
          </button>
        </p>
      )}
      <p class="soft">The password is shown this once. Nobody can read it later; a new one can be made any time.</p>
      <QrCode text={qrText(login)} label="The same login as a QR code" />
    </div>
  );
}
