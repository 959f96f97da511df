/** On Express, which Nest uses by default. Sessions are kept in memory, so they end with the process. */
import { NestFactory } from "@nestjs/core";
import { session } from "@sess/core/express";
import { sessions } from "./session.js";
import { SessionErrors } from "./session-errors.js";
import { SiteModule } from "./site.js";

const app = await NestFactory.create(SiteModule);
app.use(session(sessions));
app.useGlobalFilters(new SessionErrors(app.getHttpAdapter()));
app.enableShutdownHooks();
sessions.startGC();
await app.listen(process.env.PORT ?? 3000);
