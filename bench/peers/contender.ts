/** What a contender hands its messages to, and what can be away for a while. */
export interface FarSide extends AsyncDisposable {
  readonly appear: () => Promise<void>;
  readonly vanish: () => Promise<void>;
  /** Distinct numbers (`n` of the payload) that came so far. */
  readonly numbers: () => Promise<ReadonlySet<number>>;
  /** How many those are; cheap enough to be asked often. */
  readonly count: () => number;
  /** Nothing came so far. */
  readonly forget: () => Promise<void>;
}

/** A broker or gateway under test: one process or several that do the job together. */
export interface Contender extends AsyncDisposable {
  /** Where devices publish. */
  readonly port: number;
  readonly far: FarSide;
  /** Ready when devices can publish. What an earlier life left on its disk is there again. */
  readonly start: (env?: Readonly<Record<string, string>>) => Promise<void>;
  /** kill -9 of all its processes. */
  readonly kill: () => Promise<void>;
  readonly pids: () => readonly number[];
  /** Messages that it still has for its far side; left out where a broker hands over all that it has at once. */
  readonly holds?: () => Promise<number>;
  /** Messages in a store of its own that stands behind the broker; left out where what acknowledges also stores. */
  readonly stored?: () => number;
}

/** Folders for one contender: `disk` has everything that shall outlive its processes, `beside` settings and logs. */
export interface Place {
  readonly disk: string;
  readonly beside: string;
}

export interface Peer {
  readonly name: string;
  /** Installs what it needs where that can be; a sentence when it cannot run here. */
  readonly missing: () => string | undefined;
  readonly open: (place: Place) => Promise<Contender>;
}
