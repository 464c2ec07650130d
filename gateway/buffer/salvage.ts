/** What became of a damaged database. Records are counted once, whatever the number of sinks. */
export interface SalvageReport {
  /** Where the damaged file was moved. */
  readonly quarantine: string;
  readonly cause: string;
  readonly salvagedRecords: number;
  /** Undefined when the ledger itself could not be read, so that nobody can know. */
  readonly lostRecords: number | undefined;
  /** Rows of the stages' tables that could be read. */
  readonly salvagedRows: number;
}
