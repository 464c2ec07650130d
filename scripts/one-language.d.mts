export declare const englishOnly: string;
export declare function leaveEnglish(modules: string): void;
