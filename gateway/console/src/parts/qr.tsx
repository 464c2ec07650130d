import { useEffect, useState } from 'preact/hooks';

/** A QR code as a picture; the library comes when the first one is shown. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const [rows, show] = useState<readonly (readonly boolean[])[]>();
  useEffect(() => {
    void import('qrcode-generator').then(({ default: qrcode }) => {
      const code = qrcode(0, 'M');
      code.addData(text);
      code.make();
      const n = code.getModuleCount();
      show(Array.from({ length: n }, (_, y) => Array.from({ length: n }, (_, x) => code.isDark(y, x))));
    });
  }, [text]);
  if (rows === undefined) return <p class="empty">Drawing the code…</p>;
  const path = rows.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return (
    <div class="qr">
      <svg viewBox={`0 0 ${rows.length} ${rows.length}`} role="img" aria-label={label} shape-rendering="crispEdges">
        <path d={path} />
      </svg>
    </div>
  );
}
