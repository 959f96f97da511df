import type { Fields } from "./changes.js";

/** The last batch of each Manager that wrote a record of late, and when (epoch ms). */
export type RecentWrites = readonly (readonly [managerId: string, writeId: string, time: number])[];

/** A record as core understands it. */
export interface StoredSession {
  readonly version: string;
  readonly expiresAt: number;
  readonly owner: string | undefined;
  /** The owner's name, sealed for the id. Absent on a marker, and where an older version stored the owner. */
  readonly ownerName: string | undefined;
  /** On a marker: the successor's key, or `""`. */
  readonly retired: string | undefined;
  /** Epoch milliseconds; 0 on a marker. */
  readonly created: number;
  /** When it was last written, epoch milliseconds; 0 on a marker. */
  readonly saved: number;
  /** Idle lifetime of this session alone, ms. */
  readonly lifetime: number | undefined;
  /** The absolute end, epoch milliseconds; Infinity when there is none. */
  readonly absolute: number;
  readonly recentWrites: RecentWrites;
  /** The handle of its first id; absent if the session still has that id. */
  readonly handle: string | undefined;
  /** The version of the application's fields; absent is 0. */
  readonly schemaVersion: number | undefined;
  readonly fields: Fields;
  /** Of a token: marks of the ids in whose place its session was put. */
  readonly over?: readonly string[] | undefined;
}
