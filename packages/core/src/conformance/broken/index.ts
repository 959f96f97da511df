import type { Broken } from "./bench.js";
import { brokenClosing } from "./closing.js";
import { brokenCreates } from "./creating.js";
import { brokenData } from "./data.js";
import { brokenExpiry } from "./expiry.js";
import { brokenGc } from "./gc.js";
import { brokenListing } from "./listing.js";
import { brokenManyExpiries } from "./many-expiries.js";
import { brokenMarkers } from "./markers.js";
import { brokenNamespaces } from "./namespaces.js";
import { brokenRaces } from "./racing.js";
import { brokenUpdates } from "./updating.js";

/** Every broken provider: what the kit is tested with. */
export const brokenProviders: readonly Broken[] = [
  ...brokenUpdates,
  ...brokenRaces,
  ...brokenCreates,
  ...brokenMarkers,
  ...brokenExpiry,
  ...brokenGc,
  ...brokenData,
  ...brokenNamespaces,
  ...brokenListing,
  ...brokenManyExpiries,
  ...brokenClosing,
];
