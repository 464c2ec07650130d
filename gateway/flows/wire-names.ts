/** Kinds of nodes that are off unless the configuration says so. */
export const allowances = ['network', 'files', 'exec'] as const;
export type Allowance = (typeof allowances)[number];

/** Carries who is behind a request of the editor, for Node-RED: the secret of this start, `read` or `write`, and a name. */
export const editorHeader = 'x-portcullis-editor';
/** Where the editor is, in the gateway and in Node-RED. */
export const editorRoot = '/flows';
