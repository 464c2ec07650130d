import { useEffect } from 'preact/hooks';
import { makeStore, useStore } from '../asking/store.ts';

/** Whether Node-RED's editor was opened within the page. */
export const editor = makeStore(false);

/**
 * Node-RED's editor within the page. Once opened it stays while other pages are looked at: what is drawn and not yet deployed is only in it.
 * Whoever signs out takes it along.
 */
export function EditorFrame({ isShown }: { isShown: boolean }) {
  const isOpen = useStore(editor);
  useEffect(() => () => editor.set(false), []);
  return isOpen ? <iframe class="editor" title="Node-RED editor" src="/flows/" hidden={!isShown} /> : null;
}
