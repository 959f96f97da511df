import type { Case } from "../case.js";
import { closingCases } from "./closing.js";
import { connectingCases } from "./connecting.js";
import { countingCases } from "./counting.js";
import { creatingCases } from "./creating.js";
import { dataCases } from "./data.js";
import { existenceCases } from "./existence.js";
import { expiryCases } from "./expiry.js";
import { fractionCases } from "./fractions.js";
import { gcCases } from "./gc.js";
import { keysCases } from "./keys.js";
import { keysOfCases } from "./keys-of.js";
import { latestExpiryCases } from "./latest-expiry.js";
import { manyExpiriesCases } from "./many-expiries.js";
import { markerCases } from "./markers.js";
import { namespaceCases } from "./namespaces.js";
import { outageCases } from "./outages.js";
import { ownerIndexCases } from "./owner-index.js";
import { ownerCases } from "./owners.js";
import { pageCases } from "./pages.js";
import { racingCases } from "./racing.js";
import { readingManyCases } from "./reading-many.js";
import { seeingCases } from "./seeing.js";
import { sendingAgainCases } from "./sending-again.js";
import { tooLargeCases } from "./too-large.js";
import { touchingCases } from "./touching.js";
import { updatingCases } from "./updating.js";

/** Every case, in the order in which they run. Each one stands alone. */
export const cases: readonly Case[] = [
  ...updatingCases,
  ...sendingAgainCases,
  ...markerCases,
  ...creatingCases,
  ...racingCases,
  ...seeingCases,
  ...readingManyCases,
  ...existenceCases,
  ...expiryCases,
  ...fractionCases,
  ...touchingCases,
  ...latestExpiryCases,
  ...gcCases,
  ...dataCases,
  ...tooLargeCases,
  ...namespaceCases,
  ...countingCases,
  ...manyExpiriesCases,
  ...keysCases,
  ...ownerCases,
  ...keysOfCases,
  ...ownerIndexCases,
  ...pageCases,
  ...connectingCases,
  ...closingCases,
  ...outageCases,
];
