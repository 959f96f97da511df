import { diagnosisTests } from "../../core/test-support/stores/sql-diagnosis.js";
import { subject } from "./subject.js";
import { describeWithServer } from "./support.js";

describeWithServer("diagnose", () => diagnosisTests(subject, "DROP INDEX sessions_owner_key_idx"));
