import type { TableSet } from '../../../contracts/table-set.ts';

/**
 * What the broker keeps across restarts. Every `at` is lived time (lived-clock.ts), never wall time. Rows are written
 * in the transaction of the message they belong to; the indexes over them live in memory and are loaded at start.
 */
export const mqttTables: TableSet = {
  name: 'mqtt',
  migrations: [
    `CREATE TABLE mqtt_clock (id INTEGER PRIMARY KEY CHECK (id = 1), lived_ms INTEGER NOT NULL) STRICT;
     CREATE TABLE mqtt_sessions (client TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE mqtt_subscriptions (
       client TEXT NOT NULL, filter TEXT NOT NULL, qos INTEGER NOT NULL, PRIMARY KEY (client, filter)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE mqtt_queue (
       id INTEGER PRIMARY KEY, client TEXT NOT NULL, topic TEXT NOT NULL, payload BLOB NOT NULL, qos INTEGER NOT NULL,
       at INTEGER NOT NULL, mid INTEGER, released INTEGER NOT NULL DEFAULT 0
     ) STRICT;
     CREATE INDEX mqtt_queue_client ON mqtt_queue (client);
     CREATE TABLE mqtt_retained (
       topic TEXT PRIMARY KEY, client TEXT NOT NULL, payload BLOB NOT NULL, qos INTEGER NOT NULL, at INTEGER NOT NULL,
       seq INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE mqtt_incoming (
       client TEXT NOT NULL, mid INTEGER NOT NULL, PRIMARY KEY (client, mid)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE mqtt_wills (
       client TEXT PRIMARY KEY, seq INTEGER NOT NULL, topic TEXT NOT NULL, payload BLOB NOT NULL, qos INTEGER NOT NULL,
       retain INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE mqtt_devices (
       user TEXT PRIMARY KEY, profile TEXT NOT NULL, client_ids TEXT NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE mqtt_credentials (
       id TEXT PRIMARY KEY, user TEXT NOT NULL, salt BLOB NOT NULL, hash BLOB NOT NULL, seq INTEGER NOT NULL
     ) STRICT;`,
    `ALTER TABLE mqtt_devices ADD COLUMN rights TEXT;
     ALTER TABLE mqtt_devices ADD COLUMN learns INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE mqtt_credentials ADD COLUMN foreign_hash TEXT;`,
  ],
  statements: {
    readClock: 'SELECT lived_ms FROM mqtt_clock',
    putClock: 'INSERT INTO mqtt_clock VALUES (1, ?) ON CONFLICT DO UPDATE SET lived_ms = excluded.lived_ms',

    readSessions: 'SELECT client, at FROM mqtt_sessions',
    putSession: 'INSERT INTO mqtt_sessions VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at',
    deleteSession: 'DELETE FROM mqtt_sessions WHERE client = ?',

    readSubscriptions: 'SELECT client, filter, qos FROM mqtt_subscriptions',
    putSubscription: 'INSERT INTO mqtt_subscriptions VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET qos = excluded.qos',
    deleteSubscription: 'DELETE FROM mqtt_subscriptions WHERE client = ? AND filter = ?',
    deleteSubscriptions: 'DELETE FROM mqtt_subscriptions WHERE client = ?',

    readQueue: 'SELECT id, client, topic, payload, qos, at, mid, released FROM mqtt_queue ORDER BY id',
    addQueued: 'INSERT INTO mqtt_queue (id, client, topic, payload, qos, at) VALUES (?, ?, ?, ?, ?, ?)',
    numberQueued: 'UPDATE mqtt_queue SET mid = ?, released = ? WHERE id = ?',
    deleteQueued: 'DELETE FROM mqtt_queue WHERE id = ?',
    deleteQueue: 'DELETE FROM mqtt_queue WHERE client = ?',

    readRetained: 'SELECT topic, client, payload, qos, at, seq FROM mqtt_retained',
    putRetained: `INSERT INTO mqtt_retained VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET client = excluded.client, payload = excluded.payload, qos = excluded.qos,
        at = excluded.at, seq = excluded.seq WHERE excluded.seq > seq`,
    deleteRetained: 'DELETE FROM mqtt_retained WHERE topic = ? AND seq < ?',

    readIncoming: 'SELECT client, mid FROM mqtt_incoming',
    addIncoming: 'INSERT INTO mqtt_incoming VALUES (?, ?) ON CONFLICT DO NOTHING',
    deleteIncoming: 'DELETE FROM mqtt_incoming WHERE client = ? AND mid = ?',
    deleteAllIncoming: 'DELETE FROM mqtt_incoming WHERE client = ?',

    readWills: 'SELECT client, seq, topic, payload, qos, retain FROM mqtt_wills',
    putWill: `INSERT INTO mqtt_wills VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET seq = excluded.seq, topic = excluded.topic, payload = excluded.payload,
        qos = excluded.qos, retain = excluded.retain`,
    deleteWill: 'DELETE FROM mqtt_wills WHERE client = ? AND seq = ?',

    readDevices: 'SELECT user, profile, client_ids, rights, learns FROM mqtt_devices',
    putDevice: `INSERT INTO mqtt_devices (user, profile, client_ids, rights, learns) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET profile = excluded.profile, client_ids = excluded.client_ids,
        rights = excluded.rights, learns = excluded.learns`,
    putClientIds: 'UPDATE mqtt_devices SET client_ids = ? WHERE user = ?',
    deleteDevice: 'DELETE FROM mqtt_devices WHERE user = ?',
    readCredentials: 'SELECT id, user, salt, hash, seq, foreign_hash FROM mqtt_credentials ORDER BY seq',
    addCredential: 'INSERT INTO mqtt_credentials (id, user, salt, hash, seq, foreign_hash) VALUES (?, ?, ?, ?, ?, ?)',
    hashAnew: 'UPDATE mqtt_credentials SET salt = ?, hash = ?, foreign_hash = NULL WHERE id = ?',
    deleteCredential: 'DELETE FROM mqtt_credentials WHERE id = ?',
    deleteCredentials: 'DELETE FROM mqtt_credentials WHERE user = ?',
  },
};
