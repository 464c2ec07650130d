import { LineCounter, parseDocument, type Document } from 'yaml';

/** YAML 1.2 without duplicate keys. `faults` has one line for each thing that is wrong, with where it is in the text. */
export function parseYaml(text: string): { readonly document: Document; readonly faults: readonly string[] } {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    uniqueKeys: true,
    lineCounter,
    prettyErrors: false,
    version: '1.2',
    // Not on the console: a key that is a list is refused as an unknown one.
    logLevel: 'error',
  });
  const faults = [...document.errors, ...document.warnings].map(
    ({ pos, message }) => `line ${lineCounter.linePos(pos[0]).line}: ${message}`,
  );
  return { document, faults };
}
