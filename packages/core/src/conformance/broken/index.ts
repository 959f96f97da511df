import type { Broken } from "./bench.js";
import { brokenClosing } from "./closing.js";
import { brokenConnecting } from "./connecting.js";
import { brokenCounts } from "./counting.js";
import { brokenCreates } from "./creating.js";
import { brokenData } from "./data.js";
import { brokenExpiry } from "./expiry.js";
import { brokenFractions } from "./fractions.js";
import { brokenGc } from "./gc.js";
import { brokenLatestExpiry } from "./latest-expiry.js";
import { brokenListing } from "./listing.js";
import { brokenManyExpiries } from "./many-expiries.js";
import { brokenMarkers } from "./markers.js";
import { brokenNamespaces } from "./namespaces.js";
import { brokenOutages } from "./outages.js";
import { brokenOwnerIndex } from "./owner-index.js";
import { brokenPages } from "./pages.js";
import { brokenRaces } from "./racing.js";
import { brokenReadMany } from "./reading-many.js";
import { brokenSight } from "./seeing.js";
import { brokenUpdates } from "./updating.js";

/** Every broken provider; they test the kit. */
export const brokenProviders: readonly Broken[] = [
  ...brokenUpdates,
  ...brokenRaces,
  ...brokenSight,
  ...brokenReadMany,
  ...brokenCreates,
  ...brokenMarkers,
  ...brokenExpiry,
  ...brokenFractions,
  ...brokenLatestExpiry,
  ...brokenGc,
  ...brokenData,
  ...brokenNamespaces,
  ...brokenCounts,
  ...brokenListing,
  ...brokenPages,
  ...brokenOwnerIndex,
  ...brokenManyExpiries,
  ...brokenConnecting,
  ...brokenClosing,
  ...brokenOutages,
];
