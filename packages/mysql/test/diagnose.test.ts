import { diagnosisTests } from "../../core/test-support/stores/sql-diagnosis.js";
import { subject } from "./subject.js";
import { describeWithServer } from "./support.js";

describeWithServer("diagnose", () => diagnosisTests(subject, "DROP INDEX owner ON sessions"));
