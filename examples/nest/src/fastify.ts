/** The same site on Fastify. */
import { NestFactory } from "@nestjs/core";
import { FastifyAdapter, type NestFastifyApplication } from "@nestjs/platform-fastify";
import { session } from "@sess/core/fastify";
import { sessions } from "./session.js";
import { SessionErrors } from "./session-errors.js";
import { SiteModule } from "./site.js";

const app = await NestFactory.create<NestFastifyApplication>(SiteModule, new FastifyAdapter());
await app.register(session(sessions));
app.useGlobalFilters(new SessionErrors(app.getHttpAdapter()));
app.enableShutdownHooks();
sessions.startGC();
await app.listen(process.env.PORT ?? 3000);
