import type { TableSet } from '../../../contracts/table-set.ts';

/** What the cloud knows of our devices. `state` is SHADOW until the cloud has taken the device or refused it. */
export const tuyaTables: TableSet = {
  name: 'tuya',
  migrations: [
    `CREATE TABLE tuya_devices (
       device TEXT PRIMARY KEY, third TEXT NOT NULL, cloud_id TEXT,
       state TEXT NOT NULL CHECK (state IN ('SHADOW', 'ACTIVATED', 'REJECTED')),
       code TEXT, reason TEXT, changed_ms INTEGER NOT NULL
     ) WITHOUT ROWID, STRICT;`,
  ],
  statements: {
    load: 'SELECT third, cloud_id, state, code, reason FROM tuya_devices WHERE device = ?',
    list: 'SELECT device, third, cloud_id, state, code, reason, changed_ms FROM tuya_devices ORDER BY device',
    retry:
      "UPDATE tuya_devices SET state = 'SHADOW', code = NULL, reason = NULL, changed_ms = ? WHERE state = 'REJECTED'",
    save: `INSERT INTO tuya_devices (device, third, cloud_id, state, code, reason, changed_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (device) DO UPDATE SET third = excluded.third, cloud_id = excluded.cloud_id,
             state = excluded.state, code = excluded.code, reason = excluded.reason, changed_ms = excluded.changed_ms`,
  },
};
