export const formats = ['text', 'json', 'sarif', 'junit'] as const;
export type Format = (typeof formats)[number];
