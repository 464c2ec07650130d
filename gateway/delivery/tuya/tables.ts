import type { TableSet } from '../../../contracts/table-set.ts';

/**
 * What the cloud knows of our devices. `state` is SHADOW until the cloud has taken the device or refused it, and REMOVED
 * once it was taken out; `name` and `product` are what the cloud was told last. `tuya_products` holds the data points
 * that the cloud tells of a product, `tuya_messages` the ids of what came from its message queue.
 */
export const tuyaTables: TableSet = {
  name: 'tuya',
  migrations: [
    `CREATE TABLE tuya_devices (
       device TEXT PRIMARY KEY, third TEXT NOT NULL, cloud_id TEXT,
       state TEXT NOT NULL CHECK (state IN ('SHADOW', 'ACTIVATED', 'REJECTED')),
       code TEXT, reason TEXT, changed_ms INTEGER NOT NULL
     ) WITHOUT ROWID, STRICT;`,
    `CREATE TABLE tuya_devices_next (
       device TEXT PRIMARY KEY, third TEXT NOT NULL, cloud_id TEXT,
       state TEXT NOT NULL CHECK (state IN ('SHADOW', 'ACTIVATED', 'REJECTED', 'REMOVED')),
       code TEXT, reason TEXT, changed_ms INTEGER NOT NULL, name TEXT, product TEXT
     ) WITHOUT ROWID, STRICT;
     INSERT INTO tuya_devices_next (device, third, cloud_id, state, code, reason, changed_ms)
       SELECT device, third, cloud_id, state, code, reason, changed_ms FROM tuya_devices;
     DROP TABLE tuya_devices;
     ALTER TABLE tuya_devices_next RENAME TO tuya_devices;
     CREATE INDEX tuya_cloud_ids ON tuya_devices (cloud_id) WHERE cloud_id IS NOT NULL;`,
    `CREATE TABLE tuya_products (
       product TEXT PRIMARY KEY, points TEXT NOT NULL, fetched_ms INTEGER NOT NULL
     ) WITHOUT ROWID, STRICT;
     CREATE TABLE tuya_messages (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;`,
  ],
  statements: {
    product: 'SELECT points FROM tuya_products WHERE product = ?',
    save_product: `INSERT INTO tuya_products (product, points, fetched_ms) VALUES (?, ?, ?)
      ON CONFLICT (product) DO UPDATE SET points = excluded.points, fetched_ms = excluded.fetched_ms`,
    message: 'SELECT n FROM tuya_messages WHERE id = ?',
    save_message: 'INSERT INTO tuya_messages (id) VALUES (?) ON CONFLICT (id) DO NOTHING',
    forget_messages: 'DELETE FROM tuya_messages WHERE n <= (SELECT max(n) FROM tuya_messages) - ?',
    load: 'SELECT third, cloud_id, state, code, reason, name, product FROM tuya_devices WHERE device = ?',
    by_cloud: 'SELECT device FROM tuya_devices WHERE cloud_id = ?',
    unsure: "SELECT device FROM tuya_devices WHERE state = 'SHADOW' LIMIT 1",
    list: 'SELECT device, third, cloud_id, state, code, reason, name, product, changed_ms FROM tuya_devices ORDER BY device',
    retry:
      "UPDATE tuya_devices SET state = 'SHADOW', code = NULL, reason = NULL, changed_ms = ? WHERE state = 'REJECTED'",
    save: `INSERT INTO tuya_devices (device, third, cloud_id, state, code, reason, name, product, changed_ms)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (device) DO UPDATE SET third = excluded.third, cloud_id = excluded.cloud_id,
             state = excluded.state, code = excluded.code, reason = excluded.reason, name = excluded.name,
             product = excluded.product, changed_ms = excluded.changed_ms`,
  },
};
